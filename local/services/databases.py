"""The databases of all systems: which there are, where they are, and making and removing them.

Each system lists its own (`chalicelib.systems`). All of a checkout lie on its one server. The harness
makes, removes and looks into them as the server's master; the functions and the migrations have users
of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from chalicelib import systems
from fintegrate import roles
from fintegrate.system import SystemDatabase
from local.services.urls import ServiceUrls

_EMPTY = "template0"


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
        settings = database.master_setting, database.owner_setting, database.setting
        users = roles.Users(*(urls.databases[setting] for setting in settings))
        roles.make_roles(users, [urls.databases[guest] for guest in database.guest_roles])


def _as_user(url: str, user: str) -> str:
    parts = urlsplit(url)
    password = hashlib.sha256(f"{user}:{parts.password}".encode()).hexdigest()
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{address}"))


def create_missing(urls: ServiceUrls, databases: Sequence[SystemDatabase]) -> None:
    """Create those that the server does not have, empty; the others stay as they are.

    The server is asked: a failed login would not tell, and making one anew deletes the old.
    """
    with _server(urls) as server:
        server.execute("SELECT datname FROM pg_database")
        existing = {name for (name,) in server.fetchall()}
        for name in sorted({database.name for database in databases} - existing):
            _create(server, name, _EMPTY)


def create_database(urls: ServiceUrls, name: str, template: str | None = None) -> str:
    """Create a database, empty or as a copy, in place of one of that name.

    Returns its address as the server's master; `with_users` gives those of its functions. A template
    cannot be copied while a session is connected to it (PostgreSQL, CREATE DATABASE).
    """
    with _server(urls) as server:
        _drop(server, name)
        _create(server, name, template or _EMPTY)
    return address_of(urls.database_url, name)


def drop_database(urls: ServiceUrls, name: str) -> None:
    """Remove a database, ending the sessions that are still in it; none there is fine."""
    with _server(urls) as server:
        _drop(server, name)


@contextmanager
def _server(urls: ServiceUrls) -> Iterator[psycopg2.extensions.cursor]:
    with closing(psycopg2.connect(urls.database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _drop(server: psycopg2.extensions.cursor, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _create(server: psycopg2.extensions.cursor, name: str, template: str) -> None:
    """Its owner is the template's: a copy keeps what the owner may do."""
    server.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (template,)
    )
    (owner,) = server.fetchone() or ("CURRENT_USER",)
    names = (sql.Identifier(each) for each in (name, template, owner))
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*names))
