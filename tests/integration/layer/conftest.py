"""A database with nothing but letters in it, and the layer's connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest

from fintegrate.database import Database
from tests.integration.layer.letters import TABLE


@pytest.fixture
def database_url(empty_database: Callable[[], str]) -> str:
    """Instead of a system's: a database whose only table is `letters`."""
    url = empty_database()
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
    return url


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
