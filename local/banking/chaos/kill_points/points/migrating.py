"""Dies in the steps of a deployment on a database, alone and while another migrator waits."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib.banking.system import SYSTEM
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.operations.migrate import migrations_folder
from local.banking.chaos.kill_points.cell import query
from local.banking.chaos.kill_points.tasks import Migration
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Sql, Statement, after, before
from local.chaos.kill_points import KillPoint, until
from local.services.databases import create_database, drop_database, with_users

LATER = "29991231_2359_later.sql"
LATER_TEXT = """-- Comes after all others.
BEGIN;
CREATE TABLE later_first (x integer);
CREATE TABLE later_second (x integer);
COMMIT;
"""
MADE_BY_FIRST = "customers"


@dataclass(frozen=True)
class Site:
    """An empty database, and the migrations that bring it to one with `later_second`.

    Attributes:
        url: the database, with all rights
        settings: the variables of a migrator beyond the common ones
    """

    url: str
    settings: Mapping[str, str]
    migration: Migration
    names: list[str]

    def applied(self) -> list[str]:
        """The names in the migration history, in order; empty if there is no history."""
        if not query(self.url, "table", name="migration_history"):
            return []
        return [row["name"] for row in query(self.url, "history")]

    def has(self, table: str) -> bool:
        return bool(query(self.url, "table", name=table))


@contextmanager
def _site(trial: Trial) -> Iterator[Site]:
    folder = trial.cell.folder / "migrations"
    own = folder / "fintegrate_sql" / "banking" / "migrations"
    shutil.copytree(migrations_folder(SYSTEM.databases[0]), own, dirs_exist_ok=True)
    (own / LATER).write_text(LATER_TEXT)
    name = Path(trial.cell.url).name + "_empty"
    url = create_database(trial.cell.urls, name)
    try:
        yield Site(
            url,
            {**with_users(trial.cell.urls, url), "SYSTEM": SYSTEM.name},
            Migration(folder),
            sorted(path.name for path in own.glob("*.sql")),
        )
    finally:
        drop_database(trial.cell.urls, name)


def migrating(trial: Trial) -> None:
    """A migration is complete and recorded, or absent. The next run applies what is missing."""
    with _site(trial) as site:
        trial.kill(site.migration, site.settings)
        before_again = site.applied()
        _whole(trial, site)
        applied = trial.cell.run(site.migration, site.settings).answer
        trial.expect(before_again + applied == site.names, f"{before_again}, then {applied}")
        _complete(trial, site)


def two_migrators(trial: Trial) -> None:
    """The second migrator waits while the first holds the lock, and goes on when the first dies."""
    with _site(trial) as site:
        first = trial.cell.start(site.migration, site.settings, trial.boundary, signal.SIGSTOP)
        trial.hit = first.wait_hit()
        second = trial.cell.start(site.migration, site.settings)
        until("the second waits", lambda: bool(query(site.url, "waiting_migrators")))
        trial.expect(site.applied() == [], "something was applied already")
        first.kill()
        applied = second.wait().answer
        trial.expect(applied == site.names, f"the second applied {applied}")
        _complete(trial, site)


def _whole(trial: Trial, site: Site) -> None:
    applied = site.applied()
    for migration, table in ((site.names[0], MADE_BY_FIRST), (LATER, "later_first")):
        said = f"{migration} is half there: {table} {site.has(table)}, recorded {applied}"
        trial.expect(site.has(table) == (migration in applied), said)


def _complete(trial: Trial, site: Site) -> None:
    trial.expect(site.applied() == site.names, f"applied: {site.applied()}")
    trial.expect(site.has("later_second"), "the last table is missing")
    (keys,) = query(site.url, "active_keys", consumer_id=ADMIN_ID)
    trial.expect(keys["count"] == 1, f"the admin has {keys['count']} active keys")


_STATEMENT = after(Sql("CREATE TABLE"), 6)
POINTS = (
    KillPoint(
        "migration: the users are made, the database is not yet the owner's",
        before(Sql("ALTER DATABASE")),
        migrating,
    ),
    KillPoint("migration: in the middle of its statements", _STATEMENT, migrating),
    KillPoint(
        "migration: after its statements, before its record",
        before(Sql("INSERT INTO migration_history")),
        migrating,
    ),
    KillPoint("migration: after its record, before the commit", before(COMMIT), migrating),
    KillPoint("migration: between two migrations", after(COMMIT), migrating),
    KillPoint(
        "migration: in the middle of the last one",
        after(Sql("CREATE TABLE later_first")),
        migrating,
    ),
    KillPoint(
        "migration: after all, before the admin's key",
        before(Statement("functions/banking/consumer/admin_key.sql", "install")),
        migrating,
    ),
    KillPoint("migration: another migrator waits for the lock", _STATEMENT, two_migrators),
)
