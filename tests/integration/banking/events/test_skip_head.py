"""POST /events/skip-head: the head is given up once, on purpose, and what waited goes in order."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psycopg2
import pytest

from chalicelib.banking.events.skip_head import MAY_COME_LATE
from tests.integration.banking.events.test_order import (
    change_customers,
    resend_often,
    schedule_often,
)
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with, together
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import by_customer, statuses, write_pending
from tests.support.waiting import eventually

HEAD = "SELECT event_id, customer_id FROM customer_events WHERE sequence = 1 AND source_service = 'test'"
NEWEST_HEADS = (
    "SELECT customer_id FROM customer_events WHERE sequence = 1 AND publish_status = 'pending'"
    " ORDER BY created_at DESC LIMIT 4"
)
WAITING_FOR_A_LOCK = (
    "SELECT 1 AS waits FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def skip(admin: Api, customer_id: object, **fields: object) -> Reply:
    return admin.post("/events/skip-head", customer_id=customer_id, reason="poison", **fields)


@pytest.fixture
def head(bank: Bank, query: Query) -> dict[str, object]:
    """A head that two events wait behind."""
    write_pending(query, bank.consumer_id, events_each=3)
    (row,) = query(HEAD)
    return row


@contextmanager
def held(database_url: str, event_id: object) -> Iterator[psycopg2.extensions.cursor]:
    """Hold an event as a sweep does; what the cursor writes is committed at the end."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM customer_events WHERE event_id = %s FOR UPDATE", [event_id])
        yield cursor
    connection.close()


def test_skipped_head_releases_later_events(
    admin: Api, bank: Bank, head: dict[str, object], rabbitmq_url: str
) -> None:
    reply = skip(admin, head["customer_id"])

    assert reply.status == 200, reply
    assert reply.data == {
        **head,
        "consumer_id": bank.consumer_id,
        "sequence": 1,
        "event_type": "customer_creation",
        "released_count": 2,
        "note": MAY_COME_LATE,
    }
    bank.api.post("/events/resend", period_in_days=1)
    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [2, 3]


def test_skipped_event_names_its_audit_row(
    admin: Api, bank: Bank, head: dict[str, object], query: Query
) -> None:
    request_id = skip(admin, head["customer_id"]).headers["X-Request-Id"]

    life = bank.api.get("/events/data", event_id=head["event_id"]).data
    assert life["publish_status"] == "failed"
    assert (
        life["publish_failure_reason"] == f"skipped by the operator in request {request_id}: poison"
    )
    (row,) = query("SELECT * FROM audit_log WHERE request_id = %(id)s", id=request_id)
    assert (row["action"], row["status_code"]) == ("POST /events/skip-head", 200)


def test_repeated_request_skips_one_head_only(
    admin: Api, bank: Bank, head: dict[str, object], query: Query
) -> None:
    body = {"customer_id": head["customer_id"], "reason": "poison"}
    first, second = (
        admin("POST", "/events/skip-head", body, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    )

    assert first.data == second.data
    assert second.headers["Idempotency-Replayed"] == "true"
    assert statuses(query, bank.consumer_id) == {"failed": 1, "pending": 2}


def test_skip_without_pending_is_not_found(admin: Api, bank: Bank) -> None:
    idle, unknown = skip(admin, bank.create_customer()), skip(admin, str(uuid.uuid4()))

    assert idle.status == unknown.status == 404
    assert idle.body == unknown.body


def test_head_of_running_request_is_refused(
    admin: Api, bank: Bank, head: dict[str, object], query: Query
) -> None:
    query("ALTER TABLE customer_events DISABLE TRIGGER customer_events_immutable")
    query(
        "UPDATE customer_events SET created_at = clock_timestamp(), publish_failure_reason = NULL"
        " WHERE event_id = %(event_id)s",
        **head,
    )

    reply = skip(admin, head["customer_id"])

    assert reply.status == 409
    assert "in the hands of the request that wrote it" in reply.description
    assert statuses(query, bank.consumer_id) == {"pending": 3}


def test_different_head_is_refused(
    admin: Api, bank: Bank, head: dict[str, object], query: Query
) -> None:
    reply = skip(admin, head["customer_id"], event_id=str(uuid.uuid4()))

    assert reply.status == 409
    assert str(head["event_id"]) in reply.description
    assert statuses(query, bank.consumer_id) == {"pending": 3}
    assert skip(admin, head["customer_id"], event_id=head["event_id"]).status == 200


def test_published_head_is_not_skipped(
    admin: Api, bank: Bank, head: dict[str, object], query: Query, database_url: str
) -> None:
    replies: list[Reply] = []
    asking = threading.Thread(target=lambda: replies.append(skip(admin, head["customer_id"])))
    with held(database_url, head["event_id"]) as sweep:
        asking.start()
        eventually(lambda: query(WAITING_FOR_A_LOCK), "the request waits for the sweep")
        sweep.execute(
            "UPDATE customer_events SET publish_status = 'published', published_at = now()"
            " WHERE event_id = %(event_id)s",
            head,
        )
    asking.join()

    assert replies[0].status == 409
    assert "nothing was skipped" in replies[0].description
    assert statuses(query, bank.consumer_id) == {"published": 1, "pending": 2}


def test_head_locked_by_sweep_is_refused(
    admin: Api,
    head: dict[str, object],
    query: Query,
    database_url: str,
    environment: dict[str, str],
) -> None:
    with (
        parts_with(environment, DATABASE_LOCK_TIMEOUT_MS="100"),
        held(database_url, head["event_id"]),
    ):
        reply = skip(admin, head["customer_id"])

    assert reply.status == 503
    assert "A sweep is publishing this customer's head" in reply.description
    assert int(reply.headers["Retry-After"]) >= 1


def test_nothing_overtakes_an_uncommitted_skip(
    bank: Bank, head: dict[str, object], rabbitmq_url: str, database_url: str
) -> None:
    with held(database_url, head["event_id"]) as skipping:
        skipping.execute(
            "UPDATE customer_events SET publish_status = 'failed' WHERE event_id = %(event_id)s",
            head,
        )
        bank.api.post("/events/resend", period_in_days=1)
        assert drain(rabbitmq_url, bank.name, 0.3) == []
        skipping.connection.rollback()

    bank.api.post("/events/resend", period_in_days=1)
    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [1, 2, 3]


def skip_often(admin: Api, bank: Bank, query: Query) -> None:
    """Give up heads as they come; goes on until the sweeps have left it some."""
    skipped, rounds = 0, 0
    while rounds < 15 or not skipped:
        rounds += 1
        write_pending(query, bank.consumer_id, customers=4, events_each=4)
        for row in query(NEWEST_HEADS):
            reply = skip(admin, row["customer_id"])
            assert reply.status in {200, 404, 409}, reply
            skipped += reply.status == 200


def test_concurrent_skips_keep_the_order(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    shared = [bank.create_customer() for _ in range(3)]
    calls: list[Callable[[], None]] = [
        partial(change_customers, bank, shared, seed) for seed in range(3)
    ]

    together(
        [
            *calls,
            partial(skip_often, admin, bank, query),
            partial(skip_often, admin, bank, query),
            partial(resend_often, bank),
            schedule_often,
        ]
    )

    bank.api.post("/events/resend", period_in_days=1)
    assert_every_event_went_once_or_was_skipped(bank, query, rabbitmq_url)


def assert_every_event_went_once_or_was_skipped(bank: Bank, query: Query, url: str) -> None:
    written = query(
        "SELECT customer_id, coalesce(array_agg(sequence ORDER BY sequence)"
        " FILTER (WHERE publish_status = 'published'), '{}') AS sequences,"
        " count(*) FILTER (WHERE publish_status = 'pending') AS pending,"
        " count(*) FILTER (WHERE publish_status = 'failed') AS failed"
        " FROM customer_events WHERE consumer_id = %(id)s GROUP BY customer_id",
        id=bank.consumer_id,
    )
    assert sum(int(str(row["pending"])) for row in written) == 0
    assert sum(int(str(row["failed"])) for row in written) > 0
    assert by_customer(drain(url, bank.name)) == {
        row["customer_id"]: row["sequences"] for row in written if row["sequences"]
    }
