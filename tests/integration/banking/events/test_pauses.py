"""A full queue pauses its bank alone: no try is spent, a probe a period finds out when there is room."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.banking.events.topology import queue_name
from fintegrate.messaging import publisher
from tests.integration.banking.events.test_resend import fill_queue, resend
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import channel, delete_queues, drain
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, statuses, write_pending

DUE = "UPDATE publishing_pauses SET probe_at = clock_timestamp()"
PAUSES = "SELECT consumer_id, probe_at FROM publishing_pauses"
NACKED = "SELECT count(*) AS events FROM customer_events WHERE publish_last_tried_at IS NOT NULL"


@pytest.fixture
def paused(bank: Bank, query: Query, rabbitmq_url: str) -> Bank:
    """A bank whose queue is full, with nine events that wait, after one resend."""
    fill_queue(rabbitmq_url, bank.name)
    write_pending(query, bank.consumer_id, customers=3, events_each=3)
    assert resend(bank.api) == {
        "total_pending": 9, "attempted": 0, "succeeded": 0, "failed": 0, "skipped": 9,
    }  # fmt: skip
    return bank


def make_room(url: str, bank: Bank) -> None:
    with channel(url) as ch:
        ch.queue_purge(queue_name(bank.name))
    delete_queues(url, bank.name)  # with its limit; the next publish declares it anew


def test_nack_spends_no_try(paused: Bank, query: Query) -> None:
    query(DUE)
    resend(paused.api)

    events = query("SELECT * FROM customer_events WHERE source_service = 'test'")
    assert {event["publish_try_count"] for event in events} == {1}
    assert {event["publish_status"] for event in events} == {"pending"}


def test_probe_waits_for_its_period(paused: Bank, admin: Api, query: Query) -> None:
    before = query(PAUSES)

    for api in (paused.api, admin):
        resend(api)

    assert query(PAUSES) == before


def test_probe_is_oldest_event_alone(paused: Bank, query: Query) -> None:
    query("UPDATE customer_events SET publish_last_tried_at = NULL")
    query(DUE)

    resend(paused.api)

    assert query(NACKED) == [{"events": 1}]
    (tried,) = query("SELECT * FROM customer_events WHERE publish_last_tried_at IS NOT NULL")
    (oldest,) = query(
        "SELECT * FROM customer_events WHERE source_service = 'test'"
        " ORDER BY created_at, event_id LIMIT 1"
    )
    assert tried["event_id"] == oldest["event_id"]


def test_confirmed_probe_ends_the_pause(paused: Bank, query: Query, rabbitmq_url: str) -> None:
    make_room(rabbitmq_url, paused)
    assert resend(paused.api)["succeeded"] == 0
    query(DUE)

    resend(paused.api)

    assert query(PAUSES) == []
    assert statuses(query, paused.consumer_id) == {"published": 9}
    assert_in_order(drain(rabbitmq_url, paused.name))


def test_other_banks_go_on(
    paused: Bank, make_bank: Callable[[], Bank], admin: Api, query: Query
) -> None:
    other = make_bank()
    write_pending(query, other.consumer_id, customers=2, events_each=2)

    assert resend(admin)["succeeded"] == 4

    assert statuses(query, other.consumer_id) == {"published": 4}
    assert statuses(query, paused.consumer_id) == {"pending": 9}


def test_tenants_probe_is_its_own(
    paused: Bank, make_bank: Callable[[], Bank], query: Query
) -> None:
    query(DUE)
    before = query(PAUSES)

    resend(make_bank().api)

    assert query(PAUSES) == before


def test_pause_ends_with_its_events(paused: Bank, query: Query) -> None:
    query(
        "UPDATE customer_events SET publish_status = 'failed', publish_failure_reason = 'skipped'"
        " WHERE source_service = 'test'"
    )
    query(DUE)

    resend(paused.api)

    assert query(PAUSES) == []


def test_health_shows_own_pauses(
    paused: Bank, make_bank: Callable[[], Bank], admin: Api, query: Query
) -> None:
    (shown,) = paused.api.get("/events/health").data["paused"]

    assert (shown["consumer_id"], shown["consumer_name"]) == (paused.consumer_id, paused.name)
    assert "nacked by the broker" in shown["reason"]
    assert shown["since"] < shown["probe_at"]
    assert admin.get("/events/health").data["paused"] == [shown]
    assert make_bank().api.get("/events/health").data["paused"] == []


def test_refused_request_spares_the_next(
    bank: Bank, make_bank: Callable[[], Bank], query: Query, rabbitmq_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    other = make_bank()
    fill_queue(rabbitmq_url, bank.name)
    bank.create_customer()
    other.create_customer()
    opened: list[object] = []
    monkeypatch.setattr(publisher, "BrokerConnection", lambda *a: opened.append(a))

    bank.create_customer()
    other.create_customer()

    assert opened == []
    assert statuses(query, bank.consumer_id) == {"pending": 2}
    assert statuses(query, other.consumer_id) == {"published": 2}
    (reasons, _) = bank.api.get("/events/list").data["events"]
    assert "the queue refused a moment ago" in reasons["publish_failure_reason"]
