"""Fixtures for tests that call the functions in this process, against real servers.

Each test has its own migrated database and its own consumers; `parts` is the process's wiring
for that database. Loaded by `tests/conftest.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pika.exceptions
import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from chalicelib.banking import wiring
from chalicelib.banking.wiring import Parts
from local.services.running import RunningServices, settings_environment
from tests.support.api import Api, Bank
from tests.support.broker import delete_queues

UNLIMITED = {
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
    "API_KEY_BCRYPT_COST": "4",
    "LOG_LEVEL": "WARNING",
}
Query = Callable[..., list[dict[str, object]]]


@contextmanager
def parts_with(environment: dict[str, str], **changes: str) -> Iterator[Parts]:
    """Another process, as it were: its own wiring with some settings changed, for the block."""
    before, parts = wiring.parts(), wiring.build({**environment, **changes})
    wiring.use(parts)
    try:
        yield parts
    finally:
        parts.close()
        wiring.use(before)


@pytest.fixture
def environment(services: RunningServices, database_url: str) -> dict[str, str]:
    """The settings of this test's functions; a test may build a parts from a changed copy."""
    return settings_environment(services.urls, **{"DATABASE_URL": database_url, **UNLIMITED})


@pytest.fixture
def parts(environment: dict[str, str]) -> Iterator[Parts]:
    """The process's wiring on this test's database."""
    parts = wiring.build(environment)
    wiring.use(parts)
    yield parts
    parts.close()
    wiring.use(None)


@pytest.fixture
def admin(parts: Parts, environment: dict[str, str]) -> Api:
    """The admin's view."""
    return Api(environment["ADMIN_API_KEY"])


@pytest.fixture
def make_bank(admin: Api, environment: dict[str, str]) -> Iterator[Callable[[], Bank]]:
    """Onboards consumers with unique names; their queues are removed afterwards."""
    names: list[str] = []

    def make() -> Bank:
        name = f"bank_{uuid.uuid4().hex[:12]}"
        names.append(name)
        consumer = admin.post("/consumer/data", consumer_name=name)
        assert consumer.status == 201, consumer
        consumer_id = consumer.data["consumer_id"]
        key = admin.post("/consumer/api-key", consumer_id=consumer_id)
        assert key.status == 201, key
        return Bank(consumer_id, name, admin.with_key(key.data["api_key"]))

    yield make
    with suppress(pika.exceptions.AMQPConnectionError):  # stopped by the test: nothing to tidy
        for name in names:
            delete_queues(environment["RABBITMQ_URL"], name)


@pytest.fixture
def bank(make_bank: Callable[[], Bank]) -> Bank:
    """A consumer of this test's own."""
    return make_bank()


@pytest.fixture
def rabbitmq_url(environment: dict[str, str]) -> str:
    """The broker's address."""
    return environment["RABBITMQ_URL"]


@pytest.fixture
def query(database_url: str) -> Iterator[Query]:
    """Runs SQL on this test's database and gives the rows, past the functions."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True

    def run(sql: str, **parameters: object) -> list[dict[str, object]]:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql, parameters)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    yield run
    connection.close()


@pytest.fixture
def event_id(bank: Bank, query: Query) -> str:
    """The event of a customer that the bank has just created."""
    customer_id = bank.create_customer()
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE customer_id = %(id)s", id=customer_id
    )
    return str(row["event_id"])
