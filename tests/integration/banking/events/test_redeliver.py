"""Redeliver: what was published and not confirmed goes out again, in order, and is counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.broker import take
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, statuses, write_pending


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "DELIVERY_GRACE_SECONDS": "0"}


@pytest.fixture
def unconfirmed(bank: Bank, query: Query, rabbitmq_url: str) -> Bank:
    """A bank that took six events from its queue and confirmed none."""
    write_pending(query, bank.consumer_id, customers=2, events_each=3)
    bank.api.post("/events/resend", period_in_days=1)
    take(rabbitmq_url, bank.name, 6)
    return bank


def redeliver(api: Api, **fields: object) -> dict[str, int]:
    reply = api("POST", "/events/redeliver", {"period_in_days": 1, **fields})
    assert reply.status == 200, reply
    summary: dict[str, int] = reply.data["summary"]
    assert summary["total_pending"] == summary["attempted"] + summary["skipped"]
    return summary


def test_unconfirmed_events_are_resent_in_order(
    unconfirmed: Bank, query: Query, rabbitmq_url: str
) -> None:
    assert redeliver(unconfirmed.api)["succeeded"] == 6

    deliveries = take(rabbitmq_url, unconfirmed.name, 6)
    assert_in_order(deliveries)
    assert {d.properties.headers["deliver_try_count"] for d in deliveries} == {1}
    assert {
        row["deliver_try_count"]
        for row in query("SELECT * FROM customer_events WHERE source_service = 'test'")
    } == {1}


def test_confirmed_events_do_not(unconfirmed: Bank, query: Query) -> None:
    for row in query(
        "SELECT event_id FROM customer_events WHERE sequence < 3 AND source_service = 'test'"
    ):
        unconfirmed.api.post(
            "/events/confirm-delivery", event_id=row["event_id"], status="processed"
        )

    assert redeliver(unconfirmed.api)["total_pending"] == 2


def test_dry_run_counts_and_publishes_nothing(unconfirmed: Bank, query: Query) -> None:
    summary = redeliver(unconfirmed.api, dry_run=True)

    assert (summary["total_pending"], summary["attempted"]) == (6, 0)
    assert {row["deliver_try_count"] for row in query("SELECT * FROM customer_events")} == {0}


def test_failed_deliveries_only_when_asked(unconfirmed: Bank, query: Query) -> None:
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE source_service = 'test' ORDER BY created_at LIMIT 1"
    )
    unconfirmed.api.post(
        "/events/confirm-delivery", event_id=row["event_id"], status="failed", failure_reason="x"
    )

    assert redeliver(unconfirmed.api, dry_run=True)["total_pending"] == 5
    assert redeliver(unconfirmed.api, include_failed=True)["succeeded"] == 6
    assert statuses(query, unconfirmed.consumer_id, "deliver_status") == {"pending": 6}


def test_event_ids_pick(unconfirmed: Bank, query: Query) -> None:
    rows = query("SELECT event_id FROM customer_events WHERE source_service = 'test' LIMIT 2")
    picked = [row["event_id"] for row in rows]

    assert redeliver(unconfirmed.api, event_ids=picked)["succeeded"] == 2


def test_another_tenants_event_ids_pick_nothing(
    make_bank: Callable[[], Bank], unconfirmed: Bank, query: Query
) -> None:
    picked = [row["event_id"] for row in query("SELECT event_id FROM customer_events")]

    assert redeliver(make_bank().api, event_ids=picked)["total_pending"] == 0


def test_grace_period_sends_nothing(unconfirmed: Bank, environment: dict[str, str]) -> None:
    with parts_with(environment, DELIVERY_GRACE_SECONDS="300"):
        assert redeliver(unconfirmed.api)["total_pending"] == 0


@pytest.mark.parametrize(("word", "state"), [("failed", "failed"), ("received", "delivered")])
def test_repeated_confirmation_counts_after_redelivery(
    bank: Bank, event_id: str, query: Query, word: str, state: str
) -> None:
    """Otherwise the event would stay under way, and be sent again, for ever."""

    def confirm() -> str:
        bank.api.post("/events/confirm-delivery", event_id=event_id, status=word)
        return str(bank.api.get("/events/data", event_id=event_id).data["deliver_status"])

    assert confirm() == state
    query(
        "UPDATE customer_events SET deliver_status = 'failed', delivered_at = NULL"
        " WHERE event_id = %(id)s",
        id=event_id,
    )  # as a dead letter does
    assert redeliver(bank.api, include_failed=True, event_ids=[event_id])["succeeded"] == 1
    assert statuses(query, bank.consumer_id, "deliver_status") == {"pending": 1}

    assert confirm() == state
