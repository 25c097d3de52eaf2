"""The databases of all systems: which there are, where they are, and making and removing them.

Each system lists its own (`chalicelib.systems`). All of a checkout lie on its one server.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from chalicelib import systems
from fintegrate.system import SystemDatabase
from local.services.urls import ServiceUrls


def system_databases() -> list[SystemDatabase]:
    """Those of all systems."""
    return [database for name in systems.NAMES for database in systems.system_of(name).databases]


def address_of(url: str, name: str) -> str:
    """The same server's address with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def addresses(url: str, databases: Sequence[SystemDatabase]) -> dict[str, str]:
    """Each one's variable and its address on this server."""
    return {database.setting: address_of(url, database.name) for database in databases}


def create_missing(urls: ServiceUrls, databases: Sequence[SystemDatabase]) -> None:
    """Create those that the server does not have, empty; the others stay as they are."""
    missing = {database.name for database in databases} - _existing(urls.database_url)
    for name in sorted(missing):
        _create(urls.database_url, name, "template0")


def create_database(urls: ServiceUrls, name: str, template: str | None = None) -> str:
    """Create a database, empty or as a copy, in place of one of that name; returns its address.

    A template cannot be copied while a session is connected to it (PostgreSQL, CREATE DATABASE).
    """
    drop_database(urls, name)
    _create(urls.database_url, name, template or "template0")
    return address_of(urls.database_url, name)


def drop_database(urls: ServiceUrls, name: str) -> None:
    """Remove a database, ending the sessions that are still in it; none there is fine."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    _execute(urls.database_url, statement)


def _create(url: str, name: str, template: str) -> None:
    names = sql.Identifier(name), sql.Identifier(template)
    _execute(url, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))


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
