"""A bank's program is away for days: its queue holds each event once, and has room for new ones."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from chalicelib.banking.events.topology import queue_name
from local.banking.queue_figures import figures, observe
from tests.support.banking import Bank
from tests.support.broker import channel, drain
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

EVENTS = 20
QUARTERS_OF_AN_HOUR = 5


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """Every event is due in every run; only its queue can keep it back."""
    return {
        **environment,
        "DELIVERY_GRACE_SECONDS": "0",
        "QUEUE_FIGURES_DELAY_SECONDS": "0",
        "REDELIVER_FIRST_WAIT_SECONDS": "0",
    }


@pytest.fixture
def small_queue(bank: Bank, environment: dict[str, str]) -> Iterator[Bank]:
    """A bank whose queue has room for its events and a few more."""
    policy = f"{environment['RABBITMQ_MANAGEMENT_URL']}/api/policies/%2F/{bank.name}"
    body = {
        "pattern": f"^{queue_name(bank.name)}$",
        "definition": {"max-length": EVENTS + 5},
        "apply-to": "queues",
    }
    httpx.put(policy, json=body).raise_for_status()
    yield bank
    httpx.delete(policy).raise_for_status()


def see(environment: dict[str, str], bank: Bank, ready: int, unacknowledged: int) -> None:
    """Keep the broker's figures once they are these; they are up to ten seconds late."""
    management = environment["RABBITMQ_MANAGEMENT_URL"]
    wanted = (queue_name(bank.name), ready, unacknowledged)
    eventually(lambda: wanted in {f[:3] for f in figures(management)}, f"{wanted} in the figures")
    observe(environment["DATABASE_URL"], management)


def sent_again(bank: Bank) -> int:
    """How many of the bank's own events a run of redeliver sends; the operator's queue has others."""

    def tries() -> int:
        listed = bank.api.get("/events/list", limit=100).data["events"]
        return sum(event["deliver_try_count"] for event in listed)

    before = tries()
    run_schedule("redeliver")
    return tries() - before


@pytest.mark.night_long
def test_bank_away_finds_each_event_once(
    small_queue: Bank, environment: dict[str, str], rabbitmq_url: str
) -> None:
    bank = small_queue
    for _ in range(EVENTS):
        bank.create_customer()

    see(environment, bank, EVENTS, 0)
    for _ in range(QUARTERS_OF_AN_HOUR):
        assert sent_again(bank) == 0
    customer_id = bank.create_customer()
    (newest,) = bank.api.get("/events/list", customer_id=customer_id).data["events"]
    assert newest["publish_status"] == "published"

    found = [delivery.properties.message_id for delivery in drain(rabbitmq_url, bank.name)]
    assert (len(found), len(set(found))) == (EVENTS + 1, EVENTS + 1)


@pytest.mark.night_long
def test_messages_in_a_readers_hands_are_not_sent_again(
    bank: Bank, environment: dict[str, str], rabbitmq_url: str
) -> None:
    """The queue has no ready message, but its reader may still give them back."""
    bank.create_customer()
    with channel(rabbitmq_url) as reader:
        for method, _, _ in reader.consume(queue_name(bank.name), inactivity_timeout=10):
            assert method is not None
            break
        see(environment, bank, 0, 1)

        assert sent_again(bank) == 0

        reader.basic_ack(method.delivery_tag)
        see(environment, bank, 0, 0)
    assert sent_again(bank) == 1
