"""Applying plain SQL migrations: each once, in the order of their names, with its checksum kept.

A migration is one file `YYYYMMDD_HHMM_description.sql`, `BEGIN … COMMIT`, idempotent. It is run as
one transaction together with its row in `migration_history`, so a failed one leaves nothing. What
was applied must not be edited afterwards; an advisory lock makes two migrators at once safe.

Leaves to others where the files are and what happens after (the admin's key).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.sql
import sqlparse
from sqlparse.lexer import tokenize
from sqlparse.tokens import Comment, Whitespace

from fintegrate.database import check_url

FILE_NAME = re.compile(r"\d{8}_\d{4}_[a-z0-9_]+\.sql")
_TRANSACTION = re.compile(r"(begin|start|commit|end|rollback|abort|prepare)\b", re.IGNORECASE)
_LOCK = 0x46696E74  # "Fint": any number that everybody uses alike
_ALWAYS_THERE = "postgres"  # of every server, RDS too
_ANOTHER_WAS_FASTER = (psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation)
_HISTORY = """
CREATE TABLE IF NOT EXISTS migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
)
"""


class MigrationFailed(Exception):
    """A migration failed or history was edited; the text names the file and the statement."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file, without the outer BEGIN and COMMIT, which we issue ourselves."""

    name: str
    checksum: str
    statements: list[Statement]
    last_line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a migration; `line` is where its text begins in the file."""

    text: str
    line: int


def read_migrations(folder: Path) -> list[Migration]:
    """Every migration of the folder in order.

    Raises:
        MigrationFailed: a name is out of form, or a file is not one `BEGIN … COMMIT`.
    """
    return [_read(path) for path in sorted(folder.glob("*.sql"))]


def migrate(url: str, folder: Path, setting: str = "DATABASE_URL") -> list[str]:
    """Apply what is missing; the names of what was applied now. A missing database is created.

    Raises:
        MigrationFailed: nothing of the failed migration remains; earlier ones stay applied.
        psycopg2.OperationalError: the database is away.
        SettingsError: the URL cannot be read.
    """
    check_url(url, setting)
    migrations = read_migrations(folder)
    connection = _connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # a server's limit is meant for requests
            cursor.execute("SET lock_timeout = 0")  # ours waits for another migrator
            cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            cursor.execute("RESET lock_timeout")
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


def _connect(url: str) -> psycopg2.extensions.connection:
    """Connect to the URL's database, which is created when the server does not have it."""
    try:
        return _connect_to(url)
    except psycopg2.OperationalError:  # it has no code that would tell a missing database
        _create_missing(url)
        return _connect_to(url)


def _connect_to(url: str, database: str | None = None) -> psycopg2.extensions.connection:
    dsn = psycopg2.extensions.make_dsn(url, dbname=database) if database else url
    return psycopg2.connect(dsn, connect_timeout=5, application_name="fintegrate-migrate")


def _create_missing(url: str) -> None:
    """Create the URL's database unless the server has it."""
    name = psycopg2.extensions.parse_dsn(url).get("dbname", "")
    # A name cannot be a parameter of this statement, so it is quoted.
    creation = psycopg2.sql.SQL("CREATE DATABASE {}").format(psycopg2.sql.Identifier(name))
    connection = _connect_to(url, _ALWAYS_THERE)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
            if not cursor.rowcount:
                with suppress(*_ANOTHER_WAS_FASTER):
                    cursor.execute(creation)
    finally:
        connection.close()


def _read(path: Path) -> Migration:
    if not FILE_NAME.fullmatch(path.name):
        raise MigrationFailed(f"{path.name}: must be named YYYYMMDD_HHMM_description.sql")
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
    return Migration(path.name, checksum, statements, text.rstrip().count("\n") + 1)


def _statements(body: str, first_line: int) -> Iterator[Statement]:
    """The statements of a body, without the comments before them.

    A comment within a comment is not known to the parser, and so not to be used.
    """
    at = 0
    for text in sqlparse.split(body):
        at = body.index(text, at)
        start = at + _length_of_comments(text)
        at += len(text)
        if start < at:
            yield Statement(body[start:at], first_line + body.count("\n", 0, start))


def _length_of_comments(statement: str) -> int:
    """How many characters come before the first that is neither a comment nor white space."""
    tokens = tokenize(statement)  # type: ignore[no-untyped-call]
    before = takewhile(lambda token: token[0] in Comment or token[0] in Whitespace, tokens)
    return sum(len(text) for _, text in before)


def _check_history(migrations: list[Migration], known: dict[str, str]) -> None:
    by_name = {migration.name: migration for migration in migrations}
    for name, checksum in sorted(known.items()):
        if name not in by_name:
            raise MigrationFailed(f"{name}: was applied to this database, but is not in the folder")
        if by_name[name].checksum != checksum:
            raise MigrationFailed(f"{name}: was edited after it was applied; write a new migration")


def _apply(connection: psycopg2.extensions.connection, migration: Migration) -> None:
    running = commit = Statement("COMMIT", migration.last_line)
    try:
        with connection, connection.cursor() as cursor:
            for statement in migration.statements:
                running = statement
                cursor.execute(statement.text)
            running = commit
            cursor.execute(
                "INSERT INTO migration_history (name, checksum) VALUES (%s, %s)",
                (migration.name, migration.checksum),
            )
    except psycopg2.Error as error:
        raise MigrationFailed(_failure(migration, running, error)) from error


def _failure(migration: Migration, statement: Statement, error: psycopg2.Error) -> str:
    """The file, the line and the beginning of the statement that failed, the database's words."""
    position = int(error.diag.statement_position or 1) - 1
    line = statement.line + statement.text.count("\n", 0, position)
    began = statement.text.splitlines()[0][:100]
    words = [error.diag.message_primary or str(error), error.diag.message_detail]
    return f"{migration.name}, line {line}, {began!r}: {'; '.join(filter(None, words))}"
