"""The databases of the systems on a checkout's server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from fintegrate.system import SystemDatabase
from local.machine.checkout import Checkout
from local.services.databases import (
    addresses,
    create_missing,
    drop_database,
    system_databases,
    with_users,
)
from local.services.installation import migrate
from local.services.running import RunningServices, ensure_services
from local.services.service import ServersUnusable
from local.services.settings import settings_environment

# As the migrations stood in a database's history before a system had a folder under sql/.
FORMER_HISTORY = [
    (
        "20261120_1600_initial_schema.sql",
        "a4ff65f9505ffc306308a9d415cdc65a311174cf7432492e589883930970d72d",
    ),
    (
        "20261120_1930_reconciliation.sql",
        "64853b7d33c3c0e51635f7de68b5357a41f14ccc0f748e54ecab50ea81f3ee81",
    ),
    (
        "20261121_1000_kept_plans.sql",
        "7e4a377b245833779736bb4f31bd7308ce9557b3c593e891414927f8f016ca9a",
    ),
]
REMEMBER = "INSERT INTO migration_history VALUES (%s, %s, '2026-11-22')"
HISTORY = "SELECT name, checksum, applied_at FROM migration_history ORDER BY name"


def run(url: str, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description is not None else []


@pytest.mark.parametrize(
    ("setting", "value"), [("log_min_error_statement", "fatal"), ("log_error_verbosity", "terse")]
)
def test_server_logs_no_values(services: RunningServices, setting: str, value: str) -> None:
    url = next(iter(services.urls.databases.values()))
    server, _, _name = url.rpartition("/")

    assert run(f"{server}/postgres", f"SHOW {setting}") == [(value,)]


@pytest.fixture
def invented(services: RunningServices) -> Iterator[list[SystemDatabase]]:
    databases = [
        SystemDatabase(f"{name.upper()}_DATABASE_URL", f"{name}_{os.getpid()}", name)
        for name in ("letters", "parcels")
    ]
    yield databases
    for database in databases:
        drop_database(services.urls, database.name)


def test_missing_database_is_made(
    services: RunningServices, invented: list[SystemDatabase]
) -> None:
    urls = addresses(services.urls.database_url, invented)
    create_missing(services.urls, invented[:1])
    run(urls["LETTERS_DATABASE_MASTER_URL"], "CREATE TABLE kept (id bigint)")

    create_missing(services.urls, invented)

    assert run(urls["LETTERS_DATABASE_MASTER_URL"], "SELECT to_regclass('kept')::text") == [
        ("kept",)
    ]
    assert run(urls["PARCELS_DATABASE_MASTER_URL"], "SELECT current_database()::text") == [
        (invented[1].name,)
    ]


def test_external_addresses_are_used_unchanged(
    services: RunningServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {**services.urls.databases, **services.urls.servers}
    for variable, url in given.items():
        monkeypatch.setenv(variable, url)
    monkeypatch.setenv("LOCAL_SERVICES", "external")

    with ensure_services(Checkout(tmp_path)) as external:
        settings = settings_environment(external.urls, Checkout(tmp_path))
        assert {variable: settings[variable] for variable in given} == given
        with pytest.raises(ServersUnusable, match="not ours to control"):
            _ = external.servers


def test_bankings_database_keeps_its_place() -> None:
    assert system_databases()[0] == ("DATABASE_URL", "fintegrate", "banking", ())


def test_former_history_gets_nothing_applied(
    services: RunningServices, copy_database: Callable[[str], str]
) -> None:
    """A database that the former layout migrated is recognised; nothing is done again."""
    users: dict[str, str] = {}
    for each in system_databases():
        users |= with_users(services.urls, copy_database(each.setting), each.setting)
    banking = users["DATABASE_MASTER_URL"]
    for name, checksum in FORMER_HISTORY:
        run(banking, "DELETE FROM migration_history WHERE name = %s", (name,))
        run(banking, REMEMBER, (name, checksum))
    before = run(banking, HISTORY)

    migrate(Checkout(), settings_environment(services.urls, **users))

    assert run(banking, HISTORY) == before
