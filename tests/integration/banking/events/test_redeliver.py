"""Redeliver: what was published and not confirmed goes out again, in order, and is counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from local.banking.queue_figures import Figures
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.broker import take
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, make_older, statuses, write_pending
from tests.support.schedules import run_schedule


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}


@pytest.fixture
def unconfirmed(bank: Bank, query: Query, rabbitmq_url: str, parts: Parts) -> Bank:
    """A bank that took six events from its queue and confirmed none."""
    write_pending(query, bank.consumer_id, customers=2, events_each=3)
    bank.api.post("/events/resend", period_in_days=1)
    take(rabbitmq_url, bank.name, 6)
    see(parts, bank)
    return bank


def see(
    parts: Parts, bank: Bank, ready: int | None = 0, unacknowledged: int | None = 0, ago: float = 0
) -> None:
    """Keep what the broker would say of the bank's queue."""
    keep(parts.sweep_database, [Figures(queue_name(bank.name), ready, unacknowledged)], ago)


def left_out(api: Api) -> tuple[int, int]:
    """How many events stay where they are: the queue holds messages, or nobody looked."""
    reply = api("POST", "/events/redeliver", {"period_in_days": 1})
    assert reply.data["summary"]["skipped"] == sum(reply.data["left_out"].values())
    return reply.data["left_out"]["queue_not_empty"], reply.data["left_out"]["queue_not_observed"]


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
    bank: Bank, event_id: str, query: Query, parts: Parts, word: str, state: str
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
    see(parts, bank)
    assert redeliver(bank.api, include_failed=True, event_ids=[event_id])["succeeded"] == 1
    assert statuses(query, bank.consumer_id, "deliver_status") == {"pending": 1}

    assert confirm() == state


@pytest.mark.parametrize(("ready", "unacknowledged"), [(1, 0), (0, 1)])
def test_events_in_queue_stay_there(
    unconfirmed: Bank, parts: Parts, ready: int, unacknowledged: int
) -> None:
    see(parts, unconfirmed, ready, unacknowledged)

    assert left_out(unconfirmed.api) == (6, 0)


@pytest.mark.parametrize(("ready", "unacknowledged"), [(None, 0), (0, None)])
def test_unknown_figures_are_no_zero(
    unconfirmed: Bank, parts: Parts, ready: int | None, unacknowledged: int | None
) -> None:
    see(parts, unconfirmed, ready, unacknowledged)

    assert left_out(unconfirmed.api) == (0, 6)


def test_copy_after_the_observation_is_not_sent(unconfirmed: Bank) -> None:
    assert redeliver(unconfirmed.api)["succeeded"] == 6

    assert left_out(unconfirmed.api) == (0, 6)


def test_late_figures_do_not_count(unconfirmed: Bank, environment: dict[str, str]) -> None:
    with parts_with(environment, QUEUE_FIGURES_DELAY_SECONDS="30"):
        assert left_out(unconfirmed.api) == (0, 6)


def test_old_observation_does_not_count(
    unconfirmed: Bank, query: Query, parts: Parts, environment: dict[str, str]
) -> None:
    query("UPDATE customer_events SET published_at = published_at - interval '1 hour'")
    query("DELETE FROM queue_observations")
    see(parts, unconfirmed, ago=200)
    assert left_out(unconfirmed.api) == (0, 6)

    with parts_with(environment, QUEUE_OBSERVATION_SECONDS="300"):
        assert redeliver(unconfirmed.api)["succeeded"] == 6


def test_late_answer_replaces_no_newer_one(unconfirmed: Bank, parts: Parts) -> None:
    see(parts, unconfirmed, ready=5, ago=20)

    assert redeliver(unconfirmed.api)["succeeded"] == 6


def test_event_older_than_the_ttl_is_sent(unconfirmed: Bank, query: Query, parts: Parts) -> None:
    see(parts, unconfirmed, ready=6)
    make_older(query, unconfirmed.consumer_id, days=1, sequence=1)

    assert redeliver(unconfirmed.api, period_in_days=2)["succeeded"] == 2


def test_one_banks_queue_says_nothing_of_another(
    make_bank: Callable[[], Bank], unconfirmed: Bank, parts: Parts, admin: Api
) -> None:
    other = make_bank()
    other.create_customer()
    full = Figures(queue_name(other.name), 1, 0)
    keep(parts.sweep_database, [Figures(queue_name(unconfirmed.name), 0, 0), full], 0)

    assert redeliver(other.api)["attempted"] == 0
    assert redeliver(unconfirmed.api)["succeeded"] == 6


def test_schedules_waits_double(unconfirmed: Bank, query: Query, parts: Parts) -> None:
    def due_after(tries: int, minutes: int) -> bool:
        query(
            "UPDATE customer_events SET deliver_try_count = %(tries)s, published_at = at,"
            " deliver_last_tried_at = at"
            " FROM (SELECT clock_timestamp() - make_interval(mins => %(minutes)s) AS at) AS sent",
            tries=tries,
            minutes=minutes,
        )
        see(parts, unconfirmed)
        return bool(run_schedule("redeliver")["succeeded"])

    for tries, minutes in ((1, 15), (2, 30), (3, 60), (7, 720), (40, 720)):
        assert not due_after(tries, minutes - 1)
        assert due_after(tries, minutes)


def test_caller_need_not_wait_longer(unconfirmed: Bank, query: Query, parts: Parts) -> None:
    query(
        "UPDATE customer_events SET deliver_try_count = 9, deliver_last_tried_at = clock_timestamp()"
    )
    see(parts, unconfirmed)

    assert run_schedule("redeliver")["attempted"] == 0
    assert redeliver(unconfirmed.api)["succeeded"] == 6
