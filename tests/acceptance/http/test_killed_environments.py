"""Killing environments in the middle of requests loses nothing that was answered with 2xx."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.http.conftest import Served
from tests.acceptance.http.running_environments import running
from tests.support.banking import Bank
from tests.support.broker import drain
from tests.support.fixtures import Query

CREATES = 250
KILLS = 6


def kill_now_and_then(served: Served, finished: threading.Event) -> int:
    """Kill a running environment, wait until others have taken over, again and again."""
    chosen = random.Random(1)
    killed = 0
    while killed < KILLS and not finished.is_set():
        if found := running(served):
            chosen.choice(found)()
            killed += 1
        finished.wait(0.15)
    return killed


@pytest.mark.parametrize("served", ["process", "container"], indirect=True)
def test_killed_environments_lose_nothing(served: Served, bank: Bank, query: Query) -> None:
    def create(number: int) -> str | None:
        headers = {"X-API-Key": bank.api.key or ""}
        body = {"name": f"Customer {number}"}
        answer = served.client.post("/customer/data", json=body, headers=headers)
        assert answer.status_code in (201, 502), answer.text
        assert answer.json()["detail"]["status_code"] == str(answer.status_code)
        return answer.json()["data"]["customer_id"] if answer.status_code == 201 else None

    finished = threading.Event()
    with ThreadPoolExecutor(9) as pool:
        assert all(pool.map(create, range(9)))  # the environments have started
        killing = pool.submit(kill_now_and_then, served, finished)
        created = [one for one in pool.map(create, range(CREATES)) if one]
        finished.set()
    assert killing.result() >= 1
    assert len(created) < CREATES  # what was killed had a request to answer
    stored = query(
        "SELECT customer_id::text FROM customers WHERE consumer_id = %(id)s", id=bank.consumer_id
    )
    assert set(created) <= {str(row["customer_id"]) for row in stored}
    publish_all(bank)
    events = query(
        "SELECT event_id::text, publish_status FROM customer_events WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
    )
    assert {event["publish_status"] for event in events} == {"published"}
    assert len(events) == len(stored)
    arrived = {
        one.properties.message_id for one in drain(served.environment["RABBITMQ_URL"], bank.name)
    }
    assert arrived == {str(event["event_id"]) for event in events}


def publish_all(bank: Bank) -> None:
    """Resend until nothing is pending: an event is left alone while its request may still run."""
    deadline = time.monotonic() + 30
    while bank.api.get("/events/health").data["pending_count"]:
        assert time.monotonic() < deadline
        assert bank.api.post("/events/resend", period_in_days=1).status == 200
        time.sleep(0.2)
