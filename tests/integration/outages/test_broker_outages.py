"""The outbox's promises while the broker is away, comes back, or does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from chalicelib.banking.wiring import Parts
from chalicelib.operations import health
from fintegrate.messaging import broker, publisher
from local.services.running import RunningServices
from tests.support.banking import Bank, parts_with
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, statuses, write_pending
from tests.support.waiting import eventually


def events_of(bank: Bank) -> list[dict[str, object]]:
    events: list[dict[str, object]] = bank.api.get("/events/list").data["events"]
    return events


def resend_until_nothing_waits(bank: Bank) -> None:
    def done() -> bool:
        bank.api.post("/events/resend", period_in_days=1)
        return bool(bank.api.get("/events/health").data["pending_count"] == 0)

    eventually(done, "everything published after the outage")


def test_broker_outage_keeps_changes_in_order(
    bank: Bank,
    services: RunningServices,
    environment: dict[str, str],
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    services.rabbitmq.stop()

    with parts_with(environment, BREAKER_OPEN_SECONDS="1"):
        for _ in range(4):
            customer_id = bank.create_customer()
            status = bank.api.patch(
                "/customer/change-status", customer_id=customer_id, status="INACTIVE"
            )
            assert status.status == 200
            assert bank.api.delete("/customer/data", customer_id=customer_id).status == 200
        assert statuses(query, bank.consumer_id) == {"pending": 12}
        assert all(event["publish_failure_reason"] for event in events_of(bank))
        assert bank.api.get("/health").data["broker"]["status"] == "down"

        services.rabbitmq.start()
        services.rabbitmq.wait_ready()
        resend_until_nothing_waits(bank)

    deliveries = drain(environment["RABBITMQ_URL"], bank.name)
    assert len(deliveries) == 12
    assert_in_order(deliveries)


def test_open_breaker_connects_to_nothing(
    bank: Bank, services: RunningServices, monkeypatch: pytest.MonkeyPatch, parts: Parts
) -> None:
    services.rabbitmq.stop()
    for _ in range(5):
        bank.create_customer()
    assert parts.publisher.breaker.state == "open"
    attempts: list[object] = []
    monkeypatch.setattr(publisher, "BrokerConnection", lambda *a: attempts.append(a))

    bank.create_customer()

    assert attempts == []
    assert "circuit breaker open" in str(events_of(bank)[0]["publish_failure_reason"])


def test_restarted_broker_is_found_again(
    bank: Bank, services: RunningServices, query: Query, rabbitmq_url: str
) -> None:
    bank.create_customer()

    services.rabbitmq.restart()
    bank.create_customer()

    assert statuses(query, bank.consumer_id) == {"published": 2}
    assert len(drain(rabbitmq_url, bank.name)) == 2


def test_closed_connection_is_replaced(
    bank: Bank, services: RunningServices, query: Query, rabbitmq_url: str
) -> None:
    bank.create_customer()
    api = services.urls.rabbitmq_management_url + "/api/connections"
    listed = eventually(lambda: httpx.get(api).json(), "the connection in the management API")
    for connection in listed:
        httpx.delete(f"{api}/{connection['name']}")

    bank.create_customer()

    assert statuses(query, bank.consumer_id) == {"published": 2}
    assert len(drain(rabbitmq_url, bank.name)) == 2


def test_frozen_broker_loses_no_event(
    bank: Bank, services: RunningServices, query: Query, rabbitmq_url: str
) -> None:
    customer_id = bank.create_customer()
    services.rabbitmq.pause()

    reply = bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")

    assert reply.status == 200
    (waiting, _) = events_of(bank)
    assert waiting["publish_status"] == "pending"
    assert "no confirm within" in str(waiting["publish_failure_reason"])
    services.rabbitmq.resume()
    resend_until_nothing_waits(bank)
    assert_in_order(drain(rabbitmq_url, bank.name))


def test_outage_costs_no_tries(
    bank: Bank, services: RunningServices, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pending(query, bank.consumer_id, customers=50, events_each=2)
    services.rabbitmq.stop()
    attempts: list[object] = []
    real = publisher.BrokerConnection

    def counted(*arguments: object) -> object:
        attempts.append(arguments)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(publisher, "BrokerConnection", counted)

    summary = bank.api.post("/events/resend", period_in_days=1).data["summary"]

    assert len(attempts) == 1
    assert (summary["total_pending"], summary["skipped"]) == (100, 100)
    tries = query(
        "SELECT DISTINCT publish_try_count FROM customer_events WHERE source_service = 'test'"
    )
    assert [row["publish_try_count"] for row in tries] == [1]


@contextmanager
def memory_alarm(services: RunningServices) -> Iterator[None]:
    """The broker blocks publishers while this lasts."""
    rabbitmq: Any = services.rabbitmq
    rabbitmq.control("set_vm_memory_high_watermark", "0.0000001")
    try:
        yield
    finally:
        rabbitmq.control("set_vm_memory_high_watermark", "0.4")


def test_memory_alarm_publishes_once(
    bank: Bank, services: RunningServices, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "TRUSTED_SECONDS", 0.0)  # as if nothing had been confirmed lately
    bank.create_customer()

    with memory_alarm(services):
        for _ in range(3):
            bank.create_customer()
        reasons = [event["publish_failure_reason"] for event in events_of(bank)]

    assert any("blocked by the broker" in str(reason) for reason in reasons)
    resend_until_nothing_waits(bank)
    assert len(drain(rabbitmq_url, bank.name)) == 4


def test_memory_alarm_shows_in_health(
    bank: Bank, services: RunningServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker answers everybody who publishes nothing, so a round trip does not tell."""
    monkeypatch.setattr(broker, "TRUSTED_SECONDS", 0.0)
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)

    def status() -> str:
        return str(bank.api.get("/health").data["broker"]["status"])

    assert status() == "up"
    with memory_alarm(services):
        assert status() == "down"
    eventually(lambda: status() == "up", "publishing works again")


def test_memory_alarm_costs_no_tries(
    bank: Bank,
    services: RunningServices,
    query: Query,
    rabbitmq_url: str,
    environment: dict[str, str],
) -> None:
    write_pending(query, bank.consumer_id, customers=30, events_each=2)

    with memory_alarm(services):
        for _ in range(3):
            with parts_with(environment):  # as another process, which knows of no alarm
                bank.api.post("/events/resend", period_in_days=1)
        waiting = query(
            "SELECT publish_try_count AS tries FROM customer_events"
            " WHERE source_service = 'test' AND publish_status = 'pending'"
        )

    assert len(waiting) > 50
    assert {row["tries"] for row in waiting} == {1}
    resend_until_nothing_waits(bank)
    deliveries = drain(rabbitmq_url, bank.name)
    assert len(deliveries) == 60
    assert_in_order(deliveries)


def test_wiped_broker_gets_its_queues(
    bank: Bank, services: RunningServices, query: Query, rabbitmq_url: str
) -> None:
    bank.create_customer()
    services.rabbitmq.remove()
    services.rabbitmq.start()
    services.rabbitmq.wait_ready()

    bank.create_customer()
    resend_until_nothing_waits(bank)

    assert statuses(query, bank.consumer_id) == {"published": 2}
    assert len(drain(rabbitmq_url, bank.name)) == 1
