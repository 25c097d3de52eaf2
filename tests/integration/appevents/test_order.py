"""A user's events reach the exchange in the order in which they were accepted, also many at once."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from chalicelib.appevents import wiring
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import User, event
from tests.support.schedules import run_schedule
from tests.support.threads import at_once

Query = Callable[..., list[dict[str, Any]]]
EVENTS = "/api/v1/notify/events"
PHONES = 8
NOTE = {"machine_id": "rower", "body": "Damper on 5"}


@pytest.fixture
def arrived(running: wiring.Parts) -> Callable[[], list[int]]:
    """Takes the messages in the queue of machines; their sequences, each where it came first.

    What the broker does not confirm in time is sent once more.
    """

    def take() -> list[int]:
        sequences = dict[int, None]()
        with channel_on(running.settings.app_rabbitmq_url) as channel:
            while (got := channel.basic_get("app.machine", auto_ack=True))[1] is not None:
                sequences.setdefault((got[1].headers or {})["sequence"])
        return list(sequences)

    return take


def resend() -> None:
    """Publish what no request has."""
    run_schedule("app_resend")


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Call each in a thread of its own, whose connection is open already."""
    database = wiring.parts().service("notification").request.database
    ready = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        database.execute("SELECT 1", {})
        ready.wait()
        return action()

    return at_once([partial(run, action) for action in actions], wiring.parts().close)


def test_batch_arrives_in_its_order(user: User, arrived: Callable[[], list[int]]) -> None:
    events = [event("machine.note.saved", NOTE) for _ in range(100)]

    reply = user.call("POST", f"{EVENTS}/batch", {"events": events})
    resend()

    assert Counter(each["status"] for each in reply.data["results"]) == {"accepted": 100}
    assert arrived() == list(range(1, 101))


def test_order_holds_among_requests_at_once(
    user: User, arrived: Callable[[], list[int]], query: Query
) -> None:
    tell = partial(user.tell, "machine.note.saved", NOTE)
    for _ in range(3):
        together(*[tell] * PHONES)
    resend()  # a request waits only briefly for the one before

    assert arrived() == list(range(1, 3 * PHONES + 1))
    assert query("notify", "SELECT 1 FROM events WHERE publish_status = 'pending'") == []


def test_event_behind_a_pending_one_waits(
    user: User, arrived: Callable[[], list[int]], query: Query
) -> None:
    user.tell("machine.note.saved", NOTE)
    query(
        "notify", "UPDATE events SET publish_status = 'pending', publish_failure_reason = 'refused'"
    )
    arrived()

    user.tell("machine.note.saved", NOTE)

    assert arrived() == []
    resend()
    assert arrived() == [1, 2]


def test_one_id_at_once_is_one_event(
    user: User, arrived: Callable[[], list[int]], query: Query
) -> None:
    same = event("machine.note.saved", NOTE, str(uuid.uuid4()))

    replies = together(*[partial(user.call, "POST", EVENTS, same)] * PHONES)

    assert Counter(reply.status for reply in replies) == {202: PHONES}
    assert Counter(reply.data["duplicate"] for reply in replies) == {False: 1, True: PHONES - 1}
    resend()
    assert arrived() == [1]
    assert query("notify", "SELECT last_sequence FROM user_sequences") == [{"last_sequence": 1}]
