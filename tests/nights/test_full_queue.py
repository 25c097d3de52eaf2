"""A bank's queue is full: its events wait in order without end, and no other bank notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import pytest

from chalicelib.banking.events.topology import EXCHANGE, queue_name
from local.services.running import RunningServices
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.broker import channel, drain
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, by_customer, statuses
from tests.support.waiting import eventually

ROOM = 5
RESENDS = 12
"""More than an event has tries (`PUBLISH_MAX_TRIES`, as in operation)."""
LONGEST_TRIED = "SELECT max(publish_try_count) AS tries FROM customer_events"


@contextmanager
def little_room(management_url: str, bank: Bank) -> Iterator[None]:
    """The operator's policy that leaves the bank's queue room for a few messages."""
    here, queue = quote("/", safe=""), queue_name(bank.name)
    policy = f"{management_url}/api/policies/{here}/little_room_{bank.name}"
    definition = {"pattern": f"^{queue}$", "definition": {"max-length": ROOM}}
    httpx.put(policy, json={**definition, "apply-to": "queues"}).raise_for_status()
    state = f"{management_url}/api/queues/{here}/{queue}"
    eventually(lambda: httpx.get(state).json().get("policy"), "the queue knows its policy")
    try:
        yield
    finally:
        httpx.delete(policy).raise_for_status()


@contextmanager
def strangers_queue(rabbitmq_url: str, bank: Bank) -> Iterator[None]:
    """Somebody has bound a queue of his own to the bank's events, and it is full."""
    name = f"stranger_{bank.name}"
    with channel(rabbitmq_url) as ch:
        full = {"x-max-length": 0, "x-overflow": "reject-publish"}
        ch.queue_declare(name, durable=True, arguments=full)
        ch.queue_bind(name, EXCHANGE, f"#.{bank.name}")
        try:
            yield
        finally:
            ch.queue_delete(name)


@pytest.fixture
def neighbour(make_bank: Callable[[], Bank]) -> Bank:
    """Another bank, whose queue has room."""
    return make_bank()


def resend(admin: Api) -> None:
    assert admin.post("/events/resend", period_in_days=1).status == 200


@pytest.mark.night_long
def test_full_queue_gives_nothing_up(
    admin: Api,
    bank: Bank,
    neighbour: Bank,
    services: RunningServices,
    environment: dict[str, str],
    query: Query,
    rabbitmq_url: str,
) -> None:
    with parts_with(environment, PUBLISH_PROBE_SECONDS="1"):
        with little_room(services.urls.rabbitmq_management_url, bank):
            customers = [bank.create_customer() for _ in range(12)]
            for number in range(RESENDS):
                neighbour.create_customer()
                change = {"customer_id": customers[number], "status": "INACTIVE"}
                assert bank.api.patch("/customer/change-status", **change).status == 200
                resend(admin)

            assert "failed" not in statuses(query, bank.consumer_id)
            assert statuses(query, bank.consumer_id)["pending"] > RESENDS
            assert query(LONGEST_TRIED) == [{"tries": 1}]
            assert statuses(query, neighbour.consumer_id) == {"published": RESENDS}
            assert len(drain(rabbitmq_url, neighbour.name)) == RESENDS
        read = drain(rabbitmq_url, bank.name)

        def all_published() -> bool:
            resend(admin)
            return statuses(query, bank.consumer_id) == {"published": 24}

        eventually(all_published, "a probe finds the room, and everything goes")

    read += drain(rabbitmq_url, bank.name)
    assert_in_order(read)
    assert by_customer(read) == {customer: [1, 2] for customer in customers}


def test_strangers_full_queue_loses_nothing(
    admin: Api, bank: Bank, environment: dict[str, str], query: Query, rabbitmq_url: str
) -> None:
    """The broker nacks what the bank did get, so each probe brings it a copy."""
    with parts_with(environment, PUBLISH_PROBE_SECONDS="1"):
        with strangers_queue(rabbitmq_url, bank):
            customers = [bank.create_customer() for _ in range(3)]
            for customer_id in customers:
                change = {"customer_id": customer_id, "status": "INACTIVE"}
                assert bank.api.patch("/customer/change-status", **change).status == 200
            for _ in range(RESENDS):
                resend(admin)

            assert statuses(query, bank.consumer_id) == {"pending": 6}
            (pause,) = admin.get("/events/health", consumer_id=bank.consumer_id).data["paused"]
            assert pause["reason"].startswith("nacked")

        def all_published() -> bool:
            resend(admin)
            return statuses(query, bank.consumer_id) == {"published": 6}

        eventually(all_published, "a probe finds the room, and everything goes")

    read = drain(rabbitmq_url, bank.name)
    assert_in_order(read)
    assert set(by_customer(read)) == set(customers)
