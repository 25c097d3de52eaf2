"""Applies plain SQL migrations: each once, in the order of their names, and keeps their checksums.

A migration is one idempotent file `YYYYMMDD_HHMM_description.sql` with `BEGIN … COMMIT`, or, in a folder
whose migrations have a way back, a pair `001_description.up.sql` and `001_description.down.sql`. It runs
in one transaction together with its row in `migration_history`, so a failed migration leaves nothing.
An applied migration must not be edited. An advisory lock makes it safe to run two migrators at once.

A migration with the line `-- additive` in its head only adds what older code does not notice. So older
code, which does not have the file, may migrate and run after it.

Leaves to others where the files are and what follows the migrations, such as the admin's key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import psycopg2
import psycopg2.extensions
import sqlparse
from sqlparse.lexer import tokenize
from sqlparse.tokens import Comment, Whitespace

from fintegrate.database import check_url

FILE_NAME = re.compile(r"\d{8}_\d{4}_[a-z0-9_]+\.sql|\d{3}_[a-z0-9_]+\.(up|down)\.sql")
_UP, _DOWN = ".up.sql", ".down.sql"
_TRANSACTION = re.compile(r"(begin|start|commit|end|rollback|abort|prepare)\b", re.IGNORECASE)
_LOCK = 0x46696E74  # "Fint": all migrators must use the same number
_HISTORY = """
CREATE TABLE IF NOT EXISTS migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    additive   boolean     NOT NULL DEFAULT false,
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
);
ALTER TABLE migration_history ADD COLUMN IF NOT EXISTS additive boolean NOT NULL DEFAULT false
"""
_RECORD = "INSERT INTO migration_history (name, checksum, additive) VALUES (%s, %s, %s)"
_FORGET = "DELETE FROM migration_history WHERE name = %s"
_ADDITIVE = re.compile(r"-- additive\s*$", re.MULTILINE)


class MigrationFailed(Exception):
    """A migration failed, or an applied one was edited; the text names the file and statement."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file without its BEGIN and COMMIT, which we issue ourselves."""

    name: str
    checksum: str
    statements: list[Statement]
    last_line: int
    additive: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a migration; `line` is the line of the file where it begins."""

    text: str
    line: int


def read_migrations(folder: Path) -> list[Migration]:
    """Read every migration of the folder in order.

    Raises:
        MigrationFailed: a file's name has the wrong form, or a file is not one `BEGIN … COMMIT`.
    """
    return [_read(path) for path in sorted(folder.glob("*.sql")) if not path.name.endswith(_DOWN)]


def migrate(url: str, folder: Path, setting: str = "DATABASE_URL") -> list[str]:
    """Apply the missing migrations as the URL's user and return their names.

    Raises:
        MigrationFailed: the failed migration left nothing, but earlier ones stay applied.
        psycopg2.OperationalError: the database is away.
        SettingsError: the URL cannot be read.
    """
    migrations = read_migrations(folder)
    with _migrating(url, setting) as connection:
        known = _checked_history(connection, migrations)
        missing = [migration for migration in migrations if migration.name not in known]
        for migration in missing:
            _apply(connection, migration, _RECORD, (migration.checksum, migration.additive))
        return [migration.name for migration in missing]


def revert(url: str, folder: Path, setting: str = "DATABASE_URL") -> str | None:
    """Undo the last migration as the URL's user and return its name; None if none is applied.

    Raises:
        MigrationFailed: it has no way back, or that failed and left nothing.
        psycopg2.OperationalError: the database is away.
        SettingsError: the URL cannot be read.
    """
    migrations = read_migrations(folder)
    with _migrating(url, setting) as connection:
        known = _checked_history(connection, migrations)
        if not known:
            return None
        last = max(known)
        down = folder / f"{last.removesuffix(_UP)}{_DOWN}"
        if not last.endswith(_UP) or not down.exists():
            raise MigrationFailed(f"{last}: has no way back; write a new migration")
        _apply(connection, replace(_read(down), name=last), _FORGET, ())
        return last


@contextmanager
def _migrating(url: str, setting: str) -> Iterator[psycopg2.extensions.connection]:
    """A connection while no other migrator works on the database, which has a history."""
    check_url(url, setting)
    connection = psycopg2.connect(url, connect_timeout=5, application_name="fintegrate-migrate")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # the server's limit is for requests
            cursor.execute("SET lock_timeout = 0")  # we wait for another migrator
            cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            cursor.execute("RESET lock_timeout")
            cursor.execute(_HISTORY)
        yield connection
    finally:
        connection.close()  # also releases the lock


def _checked_history(
    connection: psycopg2.extensions.connection, migrations: list[Migration]
) -> dict[str, str]:
    """The applied migrations by name, with their checksums."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, checksum, additive FROM migration_history")
        rows = cursor.fetchall()
    known = {name: checksum for name, checksum, _ in rows}
    _check_history(migrations, known, {name for name, _, additive in rows if additive})
    return known


def _read(path: Path) -> Migration:
    if not FILE_NAME.fullmatch(path.name):
        raise MigrationFailed(
            f"{path.name}: must be named YYYYMMDD_HHMM_description.sql, or NNN_description.up.sql "
            "and .down.sql"
        )
    text = path.read_text(encoding="utf-8")
    body = re.fullmatch(r"(?:\s|--[^\n]*\n)*BEGIN;\n(.*)\nCOMMIT;\s*", text, re.DOTALL)
    shape = f"{path.name}: must be one BEGIN; … COMMIT; after its comment"
    if body is None:
        raise MigrationFailed(shape)
    statements = list(_statements(body[1], text.count("\n", 0, body.start(1)) + 1))
    for statement in statements:
        if _TRANSACTION.match(statement.text):
            raise MigrationFailed(f"{shape}; line {statement.line} ends or begins another one")
    checksum = hashlib.sha256(text.encode()).hexdigest()
    last_line = text.rstrip().count("\n") + 1
    additive = _ADDITIVE.search(text, 0, body.start(1)) is not None
    return Migration(path.name, checksum, statements, last_line, additive)


def _statements(body: str, first_line: int) -> Iterator[Statement]:
    """Split a body into statements, without the comments before them.

    The parser does not support nested comments, so migrations must not use them.
    """
    at = 0
    for text in sqlparse.split(body):
        at = body.index(text, at)
        start = at + _length_of_comments(text)
        at += len(text)
        if start < at:
            yield Statement(body[start:at], first_line + body.count("\n", 0, start))


def _length_of_comments(statement: str) -> int:
    """The length of the comments and white space at the beginning."""
    tokens = tokenize(statement)  # type: ignore[no-untyped-call]
    before = takewhile(lambda token: token[0] in Comment or token[0] in Whitespace, tokens)
    return sum(len(text) for _, text in before)


def _check_history(migrations: list[Migration], known: dict[str, str], additive: set[str]) -> None:
    by_name = {migration.name: migration for migration in migrations}
    for name, checksum in sorted(known.items()):
        if name not in by_name:
            if name in additive:  # newer than this code, which does not notice it
                continue
            raise MigrationFailed(f"{name}: was applied to this database, but is not in the folder")
        if by_name[name].checksum != checksum:
            raise MigrationFailed(f"{name}: was edited after it was applied; write a new migration")


def _apply(
    connection: psycopg2.extensions.connection,
    migration: Migration,
    record: str,
    values: Sequence[object],
) -> None:
    """Run the statements, and `record` with the migration's name and `values`, in one transaction."""
    running = commit = Statement("COMMIT", migration.last_line)
    try:
        with connection, connection.cursor() as cursor:
            for statement in migration.statements:
                running = statement
                cursor.execute(statement.text)
            running = commit
            cursor.execute(record, (migration.name, *values))
    except psycopg2.Error as error:
        raise MigrationFailed(_failure(migration, running, error)) from error


def _failure(migration: Migration, statement: Statement, error: psycopg2.Error) -> str:
    """Name the file, the line and the failed statement's beginning, with the database's message."""
    position = int(error.diag.statement_position or 1) - 1
    line = statement.line + statement.text.count("\n", 0, position)
    began = statement.text.splitlines()[0][:100]
    words = [error.diag.message_primary or str(error), error.diag.message_detail]
    return f"{migration.name}, line {line}, {began!r}: {'; '.join(filter(None, words))}"
