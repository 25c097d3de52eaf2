"""The users of a database: the owner, who migrates it, and the application, which the functions are.

The application has the rights that the migrations grant it, table by table. It cannot change the
schema, and is no member of the owner. `prepare` makes both as a third user, the server's master, and
gives the owner what others own in the schema `public`. It may run again at any time: it is how a new
password reaches the server, how settings that the application gave itself are undone, and how a database
that one user owned gets two.

The master stays a member of the owner, so that code that still logs in as the master goes on.

A guest is a login for somebody else's program. It is held to the same as the application, and has
nothing but what the migrations grant it. Its connections are bounded, so that it leaves the functions
theirs.

Leaves the grants to the migrations, which run as the owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.sql

from fintegrate.database import check_url
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
_LOCK = 0x46696E75  # not the migrations': two preparations at once take turns on the whole server
MOST_GUEST_CONNECTIONS = 20
"""Of each guest, at once. The smallest server takes a hundred in all."""
_MAINTENANCE_DATABASE = "postgres"  # every server has it, RDS too
_CREATED_CONCURRENTLY = (psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation)
Cursor = psycopg2.extensions.cursor


class RolesNotMade(Exception):
    """The users could not be made, or have rights that they must not have. The text says which."""


class Users(NamedTuple):
    """The addresses of one database, each with another user. A user's name is its role's."""

    master_url: str
    owner_url: str
    app_url: str


@dataclass(frozen=True, slots=True)
class _Role:
    name: str
    password: str = field(repr=False)


def prepare(users: Users, own_name: str = "", guest_urls: Sequence[str] = ()) -> None:
    """Make the roles with their passwords, and the owner the owner of everything in the database.

    Creates the database if it is missing and its name is `own_name`. What was done before a failure
    stays; running it again does the rest.

    Raises:
        RolesNotMade: the server refused, or a role could do too much.
        psycopg2.OperationalError: the server is away.
        SettingsError: a URL cannot be read.
    """
    name = _database_of(users, guest_urls)
    owner, *logins = (_role(url) for url in (users.owner_url, users.app_url, *guest_urls))
    with _as_master(users.master_url, _MAINTENANCE_DATABASE) as server:
        _make_roles(server, owner, logins)
        if name == own_name and not _rows(server, "database_exists", {"name": name}):
            with suppress(*_CREATED_CONCURRENTLY):
                _run(server, "CREATE DATABASE {} OWNER {}", name, owner.name)
        for guest in guest_urls:
            bound = f"ALTER ROLE {{}} CONNECTION LIMIT {MOST_GUEST_CONNECTIONS}"
            _run(server, bound, _role(guest).name)
        with _as_master(users.master_url) as database:
            _hand_over(database, name, owner, logins)


def make_roles(users: Users, guest_urls: Sequence[str] = ()) -> None:
    """Make the roles and leave databases alone. Raises as `prepare`."""
    _database_of(users, guest_urls)
    owner, *logins = (_role(url) for url in (users.owner_url, users.app_url, *guest_urls))
    with _as_master(users.master_url, _MAINTENANCE_DATABASE) as server:
        _make_roles(server, owner, logins)


def check_users(owner_url: str, app_url: str) -> None:
    """Refuse addresses of one user, or of two databases: the wrong one would be migrated.

    Raises:
        RolesNotMade: as said.
        SettingsError: a URL cannot be read.
    """
    _check_two(owner_url, app_url)


def _database_of(users: Users, guest_urls: Sequence[str]) -> str:
    for one, another in combinations((*users, *guest_urls), 2):
        _check_two(one, another)
    return str(_parsed(users.master_url).get("dbname", ""))


def _check_two(one_url: str, another_url: str) -> None:
    one, another = _parsed(one_url), _parsed(another_url)
    if one.get("dbname") != another.get("dbname"):
        raise RolesNotMade("the URLs of a database's users name two databases")
    if one.get("user") == another.get("user"):
        raise RolesNotMade(
            f"{one.get('user')} has two URLs of a database; they must be of two users"
        )


def _parsed(url: str) -> dict[str, str]:
    check_url(url)
    return psycopg2.extensions.parse_dsn(url)


def _role(url: str) -> _Role:
    parsed = _parsed(url)
    return _Role(parsed["user"], parsed.get("password", ""))


def _make_roles(server: Cursor, owner: _Role, logins: Sequence[_Role]) -> None:
    roles = [owner, *logins]
    for role in roles:
        if not _rows(server, "role_exists", {"role": role.name}):
            _run(server, "CREATE ROLE {}", role.name)
        _set_password(server, role)
    if not _says(server, "acts_as", {"role": owner.name}):
        _run(server, "GRANT {} TO CURRENT_USER", owner.name)
    for (mighty,) in _rows(server, "too_mighty", {"roles": [role.name for role in roles]}):
        raise RolesNotMade(f"{mighty} can do more than a plain user; take the attributes from it")
    for login in logins:
        if _says(server, "is_member", {"member": login.name, "owner": owner.name}):
            why = "is a member of a role that owns the database; revoke that"
            raise RolesNotMade(f"{login.name} {why}")


def _set_password(server: Cursor, role: _Role) -> None:
    """Send the server a verifier, so that no log and no view of statements shows the password."""
    verifier = psycopg2.extensions.encrypt_password(
        role.password, role.name, server.connection, "scram-sha-256"
    )
    _run(server, "ALTER ROLE {} LOGIN PASSWORD {literal}", role.name, literal=verifier)


def _hand_over(database: Cursor, name: str, owner: _Role, logins: Sequence[_Role]) -> None:
    """One object after the other: their locks are not held together, and a later run goes on."""
    if _rows(database, "owned_by_another", {"owner": owner.name}):
        _run(database, "ALTER DATABASE {} OWNER TO {}", name, owner.name)
    for login in logins:
        _run(database, "GRANT CONNECT ON DATABASE {} TO {}", name, login.name)
    _run(database, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
    _run(
        database, "GRANT CREATE ON SCHEMA public TO {}", owner.name
    )  # not his before PostgreSQL 15
    for login in logins:
        _run(database, "REVOKE CREATE, TEMPORARY ON DATABASE {} FROM {}", name, login.name)
        _run(database, "ALTER ROLE {} RESET ALL", login.name)  # it may give itself settings
        _run(database, "ALTER ROLE {} IN DATABASE {} RESET ALL", login.name, name)
        # To compile a statement takes longer than to run any of ours.
        _run(database, "ALTER ROLE {} SET jit = off", login.name)
        _run(database, "GRANT USAGE ON SCHEMA public TO {}", login.name)
        _run(database, "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}", login.name)
    for (statement,) in _rows(database, "to_hand_over", {"owner": owner.name}):
        database.execute(statement)


@contextmanager
def _as_master(url: str, database: str | None = None) -> Iterator[Cursor]:
    """A session in which each statement commits by itself; on the server's database, one at a time."""
    dsn = psycopg2.extensions.make_dsn(url, dbname=database) if database else url
    connection = psycopg2.connect(dsn, connect_timeout=5, application_name="fintegrate-prepare")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # the server's limit is for requests
            cursor.execute("SET lock_timeout = 0")  # we wait for another preparation
            cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            cursor.execute("SET lock_timeout = '5s'")  # behind us requests would wait
            yield cursor
    except psycopg2.Error as error:
        if error.diag.message_primary is None:
            raise
        reason = error.diag.message_primary
        raise RolesNotMade(f"the database's users could not be made: {reason}") from error
    finally:
        connection.close()  # also releases the lock


def _rows(cursor: Cursor, name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    cursor.execute(SQL[name], values)
    return cursor.fetchall()


def _says(cursor: Cursor, name: str, values: Mapping[str, Any]) -> bool:
    return bool(_rows(cursor, name, values)[0][0])


def _run(cursor: Cursor, text: str, *names: str, literal: str = "") -> None:
    """Run a statement whose names, and a literal, cannot be parameters. They are quoted."""
    quoted = [psycopg2.sql.Identifier(name) for name in names]
    statement = psycopg2.sql.SQL(text).format(*quoted, literal=psycopg2.sql.Literal(literal))
    whole = statement.as_string(cursor)
    cursor.execute(whole)
