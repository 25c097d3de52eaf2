"""Order and once-only under concurrency: handlers, resends and the schedule all at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from chalicelib.banking.schedules.run_resend import resend as scheduled_resend
from tests.support.banking import Bank, together
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, by_customer

SCHEDULE = {
    "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
    "account": "0", "time": "2026-01-01T00:00:00Z", "region": "local", "resources": [], "detail": {},
}  # fmt: skip


def change_customers(bank: Bank, shared: list[str], seed: int) -> None:
    """Change shared customers and some of its own; a lost race over a status is a 409."""
    rng = random.Random(seed)
    own = [bank.create_customer() for _ in range(3)]
    for _ in range(25):
        reply = bank.api.patch(
            "/customer/change-status",
            customer_id=rng.choice(own + shared),
            status=rng.choice(["ACTIVE", "INACTIVE"]),
        )
        assert reply.status in {200, 409}, reply
    assert bank.api.delete("/customer/data", customer_id=own[0]).status == 200


def resend_often(bank: Bank) -> None:
    for _ in range(10):
        assert bank.api.post("/events/resend", period_in_days=1).status == 200


def schedule_often() -> None:
    for _ in range(10):
        scheduled_resend(SCHEDULE, None)


def test_queue_has_events_in_order(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    shared = [bank.create_customer() for _ in range(4)]
    changes: list[Callable[[], None]] = [
        partial(change_customers, bank, shared, seed) for seed in range(8)
    ]

    together([*changes, partial(resend_often, bank), partial(resend_often, bank), schedule_often])

    bank.api.post("/events/resend", period_in_days=1)
    written = query(
        "SELECT customer_id, array_agg(sequence ORDER BY sequence) AS sequences"
        " FROM customer_events WHERE consumer_id = %(id)s GROUP BY customer_id",
        id=bank.consumer_id,
    )
    deliveries = drain(rabbitmq_url, bank.name)
    assert_in_order(deliveries)
    assert by_customer(deliveries) == {row["customer_id"]: row["sequences"] for row in written}


def test_event_waits_for_pending_predecessor(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    customer_id = bank.create_customer()
    query(
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL,"
        " publish_failure_reason = 'lost' WHERE customer_id = %(id)s",
        id=customer_id,
    )
    drain(rabbitmq_url, bank.name)

    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")

    assert drain(rabbitmq_url, bank.name) == []
    health = bank.api.get("/events/health").data
    assert (health["pending_count"], health["waiting_behind_count"]) == (2, 1)
    bank.api.post("/events/resend", period_in_days=1)
    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [1, 2]


def test_failed_event_holds_nothing_back(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    customer_id = bank.create_customer()
    query(
        "UPDATE customer_events SET publish_status = 'failed', published_at = NULL"
        " WHERE customer_id = %(id)s",
        id=customer_id,
    )
    drain(rabbitmq_url, bank.name)

    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")

    assert [d.sequence for d in drain(rabbitmq_url, bank.name)] == [2]
