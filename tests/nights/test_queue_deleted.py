"""Somebody deletes a bank's queue while a queue of his own is bound to all events.

The broker confirms what it routed to any queue. So the events count as published, and none reaches
the bank.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from chalicelib.banking.events.topology import EXCHANGE, queue_name
from local.banking.queue_figures import Figures, figures, observe
from tests.support.banking import Bank
from tests.support.broker import channel, take
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}


@pytest.fixture
def tap(rabbitmq_url: str) -> Iterator[str]:
    """A queue that gets a copy of every event."""
    name = f"tap_{uuid.uuid4().hex}"
    with channel(rabbitmq_url) as ch:
        ch.queue_declare(name)
        ch.queue_bind(name, EXCHANGE, "customer.#")
        yield name
        ch.queue_delete(name)


@pytest.mark.usefixtures("tap")
@pytest.mark.night_long
def test_events_reach_a_queue_that_was_deleted(
    bank: Bank, environment: dict[str, str], rabbitmq_url: str
) -> None:
    management = environment["RABBITMQ_MANAGEMENT_URL"]
    with channel(rabbitmq_url) as ch:
        ch.queue_delete(queue_name(bank.name))
    bank.create_customer()
    (event,) = bank.api.get("/events/list").data["events"]
    assert event["publish_status"] == "published"

    observe(environment["DATABASE_URL"], management)
    assert run_schedule("redeliver")["attempted"] == 0
    run_schedule("sweep_dead_letters")

    empty = Figures(queue_name(bank.name), 0, 0, 0)
    eventually(lambda: empty in figures(management), "the queue is there again")
    observe(environment["DATABASE_URL"], management)
    assert run_schedule("redeliver")["succeeded"] == 1
    (delivery,) = take(rabbitmq_url, bank.name, 1)
    assert delivery.properties.message_id == event["event_id"]
