"""Applying plain SQL migrations: each once, in the order of their names, with its checksum kept.

A migration is one file `YYYYMMDD_HHMM_description.sql`, `BEGIN … COMMIT`, idempotent. It is run as
one transaction together with its row in `migration_history`, so a failed one leaves nothing. What
was applied must not be edited afterwards; an advisory lock makes two migrators at once safe.

Leaves to others where the files are and what happens after (the admin's key).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.extensions

FILE_NAME = re.compile(r"\d{8}_\d{4}_[a-z0-9_]+\.sql")
_LOCK = 0x46696E74  # "Fint": any number that everybody uses alike
_HISTORY = """
CREATE TABLE IF NOT EXISTS migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
)
"""


class MigrationError(Exception):
    """A migration failed or history was edited; the text names the file and the statement."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; `body` is its SQL without the outer BEGIN and COMMIT, which we issue ourselves."""

    name: str
    checksum: str
    body: str


def read_migrations(folder: Path) -> list[Migration]:
    """Every migration of the folder in order.

    Raises:
        MigrationError: a name is out of form, or a file is not one `BEGIN … COMMIT`.
    """
    return [_read(path) for path in sorted(folder.glob("*.sql"))]


def migrate(url: str, folder: Path) -> list[str]:
    """Apply what is missing; the names of what was applied now.

    Raises:
        MigrationError: nothing of the failed migration remains; earlier ones stay applied.
        psycopg2.OperationalError: the database is away.
    """
    migrations = read_migrations(folder)
    connection = psycopg2.connect(url, connect_timeout=5, application_name="fintegrate-migrate")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            cursor.execute(_HISTORY)
            cursor.execute("SELECT name, checksum FROM migration_history")
            known = dict(cursor.fetchall())
        _check_history(migrations, known)
        missing = [migration for migration in migrations if migration.name not in known]
        for migration in missing:
            _apply(connection, migration)
        return [migration.name for migration in missing]
    finally:
        connection.close()  # and with it the lock


def _read(path: Path) -> Migration:
    if not FILE_NAME.fullmatch(path.name):
        raise MigrationError(f"{path.name}: must be named YYYYMMDD_HHMM_description.sql")
    text = path.read_text(encoding="utf-8")
    body = re.fullmatch(r"(?:\s|--[^\n]*\n)*BEGIN;\n(.*)\nCOMMIT;\s*", text, re.DOTALL)
    if body is None:
        raise MigrationError(f"{path.name}: must be one BEGIN; … COMMIT; after its comment")
    return Migration(path.name, hashlib.sha256(text.encode()).hexdigest(), body[1])


def _check_history(migrations: list[Migration], known: dict[str, str]) -> None:
    by_name = {migration.name: migration for migration in migrations}
    for name, checksum in sorted(known.items()):
        if name not in by_name:
            raise MigrationError(f"{name}: was applied to this database, but is not in the folder")
        if by_name[name].checksum != checksum:
            raise MigrationError(f"{name}: was edited after it was applied; write a new migration")


def _apply(connection: psycopg2.extensions.connection, migration: Migration) -> None:
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(migration.body)
            cursor.execute(
                "INSERT INTO migration_history (name, checksum) VALUES (%s, %s)",
                (migration.name, migration.checksum),
            )
    except psycopg2.Error as error:
        raise MigrationError(_failure(migration, error)) from error


def _failure(migration: Migration, error: psycopg2.Error) -> str:
    """The file, the line of the statement that failed, and the database's words."""
    position = error.diag.statement_position
    where = ""
    if position is not None:
        line = migration.body[: int(position)].count("\n") + 1
        where = f" at line {line} of its body: {migration.body.splitlines()[line - 1].strip()}"
    context = f" ({error.diag.context})" if error.diag.context else ""
    return f"{migration.name}: {error.diag.message_primary or error}{where}{context}"
