"""A database with nothing but letters in it, and the layer's connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from fintegrate.database import Database
from local.services.databases import create_database, drop_database
from local.services.running import RunningServices
from tests.conftest import WORKER
from tests.integration.layer.letters import TABLE
from tests.support.reused_database import ReusedDatabase


@contextmanager
def reused(services: RunningServices, kind: str, tables: str) -> Iterator[ReusedDatabase]:
    """A database with these tables, for one test after the other."""
    name = f"{kind}_{WORKER}"

    def made() -> str:
        url = create_database(services.urls, name)
        with (
            closing(psycopg2.connect(url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(tables)
        return url

    database = ReusedDatabase(made)
    yield database
    database.close()
    drop_database(services.urls, name)


@pytest.fixture(scope="package")
def letters(services: RunningServices) -> Iterator[ReusedDatabase]:
    with reused(services, "letters", TABLE) as database:
        yield database


@pytest.fixture
def database_url(letters: ReusedDatabase) -> str:
    """Instead of a system's: a database whose only table is `letters`."""
    return letters.fresh()


@pytest.fixture
def make_database(database_url: str) -> Iterator[Callable[[], Database]]:
    """Makes connections of processes, as it were, to the same database."""
    made: list[Database] = []

    def make() -> Database:
        made.append(Database(database_url))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture
def database(make_database: Callable[[], Database]) -> Database:
    """One process's connection."""
    return make_database()
