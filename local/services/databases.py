"""The databases of all systems: which there are, where they are, and making and removing them.

Each system lists its own (`chalicelib.systems`). All of a checkout lie on its one server. The harness
makes, removes and looks into them as the server's master; the functions and the migrations have users
of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from chalicelib import systems
from fintegrate import roles
from fintegrate.system import SystemDatabase
from local.services.urls import ServiceUrls


def system_databases() -> list[SystemDatabase]:
    """Those of all systems."""
    return [database for name in systems.NAMES for database in systems.system_of(name).databases]


def address_of(url: str, name: str) -> str:
    """The same server's address with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def addresses(url: str, databases: Sequence[SystemDatabase]) -> dict[str, str]:
    """The variables of each one's users and their addresses on this server."""
    found: dict[str, str] = {}
    for database in databases:
        found |= users_of(address_of(url, database.name), database)
    return found


def users_of(url: str, database: SystemDatabase) -> dict[str, str]:
    """The variables of a database's users, and its address with each; `url` is the master's.

    The passwords are made from the master's, and do not lead back to it.
    """
    return {
        database.master_setting: url,
        database.owner_setting: _as_user(url, database.owner_role),
        database.setting: _as_user(url, database.app_role),
        **{setting: _as_user(url, role) for setting, role in database.guest_roles.items()},
    }


def with_users(urls: ServiceUrls, url: str, setting: str = "DATABASE_URL") -> dict[str, str]:
    """The settings of functions on another database, at `url`, than the system's own."""
    name = urlsplit(url).path.lstrip("/")
    (database,) = (each for each in system_databases() if each.setting == setting)
    known = {user: urls.databases[user] for user in database.settings if user in urls.databases}
    return {user: address_of(own, name) for user, own in known.items()}


def make_roles(urls: ServiceUrls, databases: Sequence[SystemDatabase]) -> None:
    """Make the users on a server of our own, so that databases can be copied and migrated there."""
    for database in databases:
        users = [urls.databases[setting] for setting in database.settings]
        roles.make_roles(roles.Users(*users[:3]), users[3:])


def _as_user(url: str, user: str) -> str:
    parts = urlsplit(url)
    password = hashlib.sha256(f"{user}:{parts.password}".encode()).hexdigest()
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{address}"))


def create_missing(urls: ServiceUrls, databases: Sequence[SystemDatabase]) -> None:
    """Create those that the server does not have, empty; the others stay as they are."""
    missing = {database.name for database in databases} - _existing(urls.database_url)
    for name in sorted(missing):
        _create(urls.database_url, name, "template0")


def create_database(urls: ServiceUrls, name: str, template: str | None = None) -> str:
    """Create a database, empty or as a copy, in place of one of that name.

    Returns its address as the server's master; `with_users` gives those of its functions. A template
    cannot be copied while a session is connected to it (PostgreSQL, CREATE DATABASE).
    """
    drop_database(urls, name)
    _create(urls.database_url, name, template or "template0")
    return address_of(urls.database_url, name)


def drop_database(urls: ServiceUrls, name: str) -> None:
    """Remove a database, ending the sessions that are still in it; none there is fine."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    _execute(urls.database_url, statement)


def _create(url: str, name: str, template: str) -> None:
    """Its owner is the template's: a copy keeps what the owner may do."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (template,)
        )
        (owner,) = cursor.fetchone() or ("CURRENT_USER",)
    names = (sql.Identifier(each) for each in (name, template, owner))
    _execute(url, sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*names))


def _existing(url: str) -> set[str]:
    """Asked of the server: a failed login would not tell, and making one anew deletes the old."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def _execute(url: str, statement: sql.Composed) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
