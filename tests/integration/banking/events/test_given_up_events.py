"""POST /events/resend with what was given up: in order where that is possible, marked late elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from tests.integration.banking.events.test_skip_head import WAITING_FOR_A_LOCK, skip
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import make_older, statuses
from tests.support.waiting import eventually

FAIL = """
UPDATE customer_events
SET publish_status = 'failed', published_at = NULL, publish_try_count = 10,
    publish_failure_reason = 'NO_ROUTE'
WHERE customer_id = %(customer_id)s AND sequence = %(sequence)s
"""
BIRTH = """
UPDATE customers SET event_sequence = event_sequence + 1 WHERE customer_id = %(customer_id)s;
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at)
SELECT consumer_id, customer_id, event_sequence, 'customer_status_change', 'test',
       jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
       jsonb_build_object('created_at', clock_timestamp(), 'sequence', event_sequence,
                          'source_service', 'test'), clock_timestamp()
FROM customers WHERE customer_id = %(customer_id)s
"""
EVENT = (
    "SELECT * FROM customer_events WHERE customer_id = %(customer_id)s AND sequence = %(sequence)s"
)


@pytest.fixture
def given_up(bank: Bank, query: Query, rabbitmq_url: str) -> str:
    """A customer whose only event has failed and never reached the queue."""
    customer_id = bank.create_customer()
    drain(rabbitmq_url, bank.name)
    query(FAIL, customer_id=customer_id, sequence=1)
    return customer_id


def resend(api: Api, **fields: object) -> dict[str, int]:
    """The counts of a resend with `include_failed`."""
    reply = api.post("/events/resend", period_in_days=1, include_failed=True, **fields)
    assert reply.status == 200, reply
    counts = ("reopened_count", "late_count")
    return {"succeeded": reply.data["summary"]["succeeded"], **{n: reply.data[n] for n in counts}}


def change(bank: Bank, customer_id: str, status: str = "INACTIVE") -> None:
    body = {"customer_id": customer_id, "status": status}
    assert bank.api.patch("/customer/change-status", **body).status == 200


@contextmanager
def birth(database_url: str, customer_id: str) -> Iterator[psycopg2.extensions.cursor]:
    """A change of this customer that is not committed before the block's end."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(BIRTH, {"customer_id": customer_id})
        yield cursor
    connection.close()


def test_newest_event_goes_in_order(
    bank: Bank, given_up: str, query: Query, rabbitmq_url: str
) -> None:
    assert resend(bank.api) == {"succeeded": 1, "reopened_count": 1, "late_count": 0}

    change(bank, given_up)
    first, second = drain(rabbitmq_url, bank.name)
    assert [first.sequence, second.sequence] == [1, 2]
    assert "late" not in first.body["metadata"]
    (event,) = query(EVENT, customer_id=given_up, sequence=1)
    assert (event["publish_status"], event["sent_late_at"]) == ("published", None)


def test_reopened_event_holds_later_ones_back(
    bank: Bank, given_up: str, query: Query, rabbitmq_url: str
) -> None:
    query("INSERT INTO publishing_pauses (consumer_id, probe_at, reason)"
          " VALUES (%(id)s, now() + interval '1 h', 'full')", id=bank.consumer_id)  # fmt: skip
    resend(bank.api)
    (event,) = query(EVENT, customer_id=given_up, sequence=1)
    assert (event["publish_status"], event["publish_try_count"]) == ("pending", 1)
    assert "taken up again in request" in str(event["publish_failure_reason"])
    assert "NO_ROUTE" in str(event["publish_failure_reason"])

    change(bank, given_up)

    assert drain(rabbitmq_url, bank.name, 0.3) == []


def test_resend_alone_leaves_failed_events(bank: Bank, given_up: str, query: Query) -> None:
    reply = bank.api.post("/events/resend", period_in_days=1)

    assert reply.data["summary"]["total_pending"] == 0
    assert (reply.data["reopened_count"], reply.data["late_count"]) == (0, 0)
    assert statuses(query, bank.consumer_id) == {"failed": 1}


def test_late_event_is_sent_on_request(
    bank: Bank, given_up: str, query: Query, rabbitmq_url: str
) -> None:
    change(bank, given_up)
    assert resend(bank.api) == {"succeeded": 0, "reopened_count": 0, "late_count": 1}
    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [2]

    counts = resend(bank.api, include_late=True)

    assert counts == {"succeeded": 1, "reopened_count": 0, "late_count": 1}
    (late,) = drain(rabbitmq_url, bank.name)
    assert (late.sequence, late.body["metadata"]["late"]) == (1, True)
    (event,) = query(EVENT, customer_id=given_up, sequence=1)
    assert event["publish_status"] == "published"
    assert event["sent_late_at"] is not None
    shown = bank.api.get("/events/data", event_id=event["event_id"]).data
    assert shown["sent_late_at"] is not None
    assert resend(bank.api, include_late=True)["late_count"] == 0


def test_redelivered_late_event_says_so(
    bank: Bank, given_up: str, query: Query, rabbitmq_url: str
) -> None:
    change(bank, given_up)
    resend(bank.api, include_late=True)
    drain(rabbitmq_url, bank.name)
    make_older(query, bank.consumer_id, days=2, sequence=1)

    bank.api.post("/events/redeliver", period_in_days=3)

    (again,) = drain(rabbitmq_url, bank.name)
    assert (again.sequence, again.body["metadata"]["late"]) == (1, True)


def test_rewind_holds_late_events_back(bank: Bank, given_up: str, query: Query) -> None:
    change(bank, given_up)
    query("INSERT INTO replay_jobs (consumer_id, from_at, include_processed, reason, request_id)"
          " VALUES (%(id)s, now(), false, 'a test', 'a test')", id=bank.consumer_id)  # fmt: skip

    assert resend(bank.api, include_late=True)["succeeded"] == 0

    assert query(EVENT, customer_id=given_up, sequence=1)[0]["publish_status"] == "failed"


def test_event_before_a_pending_one_is_late(bank: Bank, given_up: str, query: Query) -> None:
    change(bank, given_up)
    query(
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL,"
        " publish_failure_reason = 'lost' WHERE customer_id = %(id)s AND sequence = 2",
        id=given_up,
    )

    assert resend(bank.api) == {"succeeded": 1, "reopened_count": 0, "late_count": 1}


def test_birth_under_way_makes_it_late(
    bank: Bank, given_up: str, query: Query, database_url: str
) -> None:
    told: list[dict[str, int]] = []
    asking = threading.Thread(target=lambda: told.append(resend(bank.api)))
    with birth(database_url, given_up):
        asking.start()
        eventually(lambda: query(WAITING_FOR_A_LOCK), "the resend waits for the customer's row")
    asking.join()

    assert told == [{"succeeded": 0, "reopened_count": 0, "late_count": 1}]
    assert query(EVENT, customer_id=given_up, sequence=1)[0]["publish_status"] == "failed"


def test_deleted_customers_last_event_is_reopened(
    bank: Bank, given_up: str, query: Query, rabbitmq_url: str
) -> None:
    assert bank.api.delete("/customer/data", customer_id=given_up).status == 200
    drain(rabbitmq_url, bank.name)
    query(FAIL, customer_id=given_up, sequence=2)

    assert resend(bank.api) == {"succeeded": 1, "reopened_count": 1, "late_count": 1}

    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [2]


def test_skipped_head_is_taken_up_again(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    customer_id = bank.create_customer()
    drain(rabbitmq_url, bank.name)
    query(
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL,"
        " publish_failure_reason = 'lost' WHERE customer_id = %(id)s",
        id=customer_id,
    )
    assert skip(admin, customer_id).status == 200
    (skipped,) = query(EVENT, customer_id=customer_id, sequence=1)
    assert skipped["publish_given_up_at"] is not None

    assert resend(admin)["reopened_count"] == 1

    (event,) = query(EVENT, customer_id=customer_id, sequence=1)
    assert (event["publish_status"], event["publish_given_up_at"]) == ("published", None)


def test_chosen_events_alone_are_taken_up(bank: Bank, given_up: str, query: Query) -> None:
    other = bank.create_customer()
    query(FAIL, customer_id=other, sequence=1)
    (event,) = query(EVENT, customer_id=other, sequence=1)

    assert resend(bank.api, event_ids=[event["event_id"]])["reopened_count"] == 1

    assert query(EVENT, customer_id=given_up, sequence=1)[0]["publish_status"] == "failed"


def test_tenant_takes_up_its_own_only(
    bank: Bank, given_up: str, make_bank: Callable[[], Bank], query: Query
) -> None:
    (event,) = query(EVENT, customer_id=given_up, sequence=1)
    stranger = make_bank()
    nothing = {"succeeded": 0, "reopened_count": 0, "late_count": 0}

    assert resend(stranger.api, include_late=True) == nothing
    assert resend(stranger.api, include_late=True, event_ids=[event["event_id"]]) == nothing
    change(bank, given_up)
    assert resend(stranger.api, include_late=True, event_ids=[event["event_id"]]) == nothing

    assert query(EVENT, customer_id=given_up, sequence=1)[0]["publish_status"] == "failed"


def test_late_needs_include_failed(bank: Bank) -> None:
    reply = bank.api.post("/events/resend", period_in_days=1, include_late=True)

    assert reply.status == 422
    assert "include_late only goes with include_failed" in reply.description
