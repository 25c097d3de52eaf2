"""Functions that keep the plans of hot statements: what their commits wait for, what they survive."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from chalicelib.banking.customer.customers import SQL as CUSTOMERS
from chalicelib.banking.events.confirm_delivery import SQL as RECEIPTS
from chalicelib.banking.events.outbox import SQL as OUTBOX
from fintegrate.migrations import migrate
from tests.support.schemas import MIGRATIONS, run

BANK = str(uuid.uuid4())
CUSTOMER = {
    "consumer_id": BANK,
    "consumer_name": "bank",
    "name": "John Richard Doe",
    "status": "ACTIVE",
    "source_service": "POST: /customer/data",
    "traceparent": None,
    "key_id": None,
    "request_id": None,
}
Execute = Callable[..., dict[str, Any]]


@pytest.fixture
def connection(url: str) -> Iterator[psycopg2.extensions.connection]:
    migrate(url, MIGRATIONS)
    run(url, f"INSERT INTO consumers (consumer_id, name) VALUES ('{BANK}', 'bank')")
    with closing(psycopg2.connect(url)) as connection:
        yield connection


@pytest.fixture
def execute(connection: psycopg2.extensions.connection) -> Execute:
    def execute(sql: str, **values: object) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            assert cursor.description is not None
            [row] = cursor.fetchall()
            return dict(zip([column.name for column in cursor.description], row, strict=True))

    return execute


def waits(execute: Execute) -> bool:
    """Whether the commit of the transaction under way waits for the disk."""
    return bool(execute("SHOW synchronous_commit")["synchronous_commit"] == "on")


def test_only_marks_commit_without_disk(
    connection: psycopg2.extensions.connection, execute: Execute
) -> None:
    event = execute(CUSTOMERS["create_customer"], **CUSTOMER)
    assert waits(execute)
    connection.commit()

    execute(OUTBOX["mark_published"], id=event["event_id"])
    assert not waits(execute)
    connection.commit()

    said = {"status": "processed", "received_at": None, "failure_reason": None}
    execute(RECEIPTS["confirm"], event_id=event["event_id"], consumer_id=BANK, **said)
    assert waits(execute)


def test_warm_connection_survives_a_migration(
    connection: psycopg2.extensions.connection, execute: Execute, url: str
) -> None:
    """A plan is made anew when its table has changed, and so is the row that the function returns."""
    for _ in range(7):  # from the sixth on a plan is kept for good
        before = execute(CUSTOMERS["create_customer"], **CUSTOMER)
    connection.commit()

    run(url, "ALTER TABLE customer_events ADD COLUMN colour text DEFAULT 'green'")
    after = execute(CUSTOMERS["create_customer"], **CUSTOMER)
    connection.commit()

    stored = "SELECT colour, event_type FROM customer_events WHERE event_id = %(event_id)s"
    assert execute(stored, event_id=after["event_id"]) == {
        "colour": "green",
        "event_type": "customer_creation",
    }
    assert after.keys() == before.keys()
    assert (after["consumer_name"], after["sequence"]) == ("bank", 1)
