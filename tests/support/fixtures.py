"""Fixtures for tests of any system against real servers: settings, the broker's address and SQL.

Each test has its own migrated database. Loaded by `tests/conftest.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from local.services.databases import with_users
from local.services.running import RunningServices
from local.services.settings import RECORD, settings_environment

UNLIMITED = {
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
    "API_KEY_BCRYPT_COST": "4",
    "LOG_LEVEL": "WARNING",
    "BROKER_ACCESS_WAIT_MS": "0",
}
Query = Callable[..., list[dict[str, object]]]


@pytest.fixture
def environment(
    services: RunningServices, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The settings of this test's functions, those of banking.

    A test may build other functions from a changed copy.
    """
    users = with_users(services.urls, database_url)
    own = {"SYSTEM": "banking", RECORD: f"file://{tmp_path_factory.mktemp('record') / 'it'}"}
    return settings_environment(services.urls, **users, **own, **UNLIMITED)


@pytest.fixture
def rabbitmq_url(environment: dict[str, str]) -> str:
    return environment["RABBITMQ_URL"]


@pytest.fixture
def query(database_url: str) -> Iterator[Query]:
    """Run SQL on this test's database as the server's master, past the functions' rights."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    alone = threading.Lock()  # threads of a test share the connection

    def run(sql: str, **parameters: object) -> list[dict[str, object]]:
        with alone, connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql, parameters)
            return (
                [dict(row) for row in cursor.fetchall()] if cursor.description is not None else []
            )

    yield run
    connection.close()
