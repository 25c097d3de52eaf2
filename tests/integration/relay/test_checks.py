"""Checks: a test event, and a delivery whatever the lane's state, at an admin's word."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.relay import wiring
from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.test_slice import EVENT
from tests.support.receiver import Receiver

Call = Callable[..., Reply]
TEST = "/admin/v1/credentials/{id}/test"
PROBE = "/admin/v1/lanes/{id}/probe"


@pytest.fixture
def delivering(call: Call) -> Iterator[None]:
    """Runs of the delivery beside the test, one after the other."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.02):
            deliver()
        wiring.parts().close()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def lane(call: Call, secret: str) -> dict[str, Any]:
    """A webhook's lane with its credential."""
    (credential,) = call("GET", "/admin/v1/credentials").data["credentials"]
    found: dict[str, Any] = credential
    return found


def accept(call: Call, *orders: str) -> None:
    events = [{**EVENT, "order_id": order} for order in orders]
    assert call("POST", "/v1/events", {"data": events}, user="oms").data["accepted"] == len(orders)


def test_test_event_shows_the_answer(
    call: Call, lane: dict[str, Any], secret: str, receiver: Receiver, delivering: None
) -> None:
    """Also of a lane that is paused and blocked, which stays so."""
    call("PATCH", "/admin/v1/lanes/{id}", {"paused": True}, number=lane["lane_id"])
    receiver.words = lambda _got: f"thanks, {secret}".encode()
    good = call("POST", TEST, number=lane["id"])
    receiver.answer = lambda _got: 401
    bad = call("POST", TEST, number=lane["id"])

    assert (good.status, good.data["outcome"], good.data["http_status"]) == (200, "delivered", 200)
    assert good.data["message"] == "thanks, [redacted]"
    assert (bad.data["outcome"], bad.data["http_status"]) == ("configuration", 401)
    assert [json.loads(got.body)["type"] for got in receiver.got] == ["relay.test"] * 2
    (shown,) = call("GET", "/admin/v1/lanes").data["lanes"]
    assert (shown["state"], shown["pending_count"]) == ("paused", 0)


def test_test_says_what_is_missing(call: Call, secret: str, delivering: None) -> None:
    (shop,) = call("GET", "/admin/v1/storefronts").data["storefronts"]
    wanted = {"storefront_id": shop["id"], "sgtm_url": "https://t.example.com"}
    made = call("POST", "/admin/v1/sgtm-configs", {**wanted, "measurement_id": "G-1"})

    asked = call("POST", "/admin/v1/sgtm-configs/{id}/test", number=made.data["id"])

    assert (asked.status, asked.data["outcome"]) == (200, "not_sent")
    assert "test_event_code" in asked.data["message"]
    assert call("POST", TEST, number=999).status == 404


@pytest.mark.parametrize("change", ["paused = true", "is_active = false", "refusals = 50"])
def test_probe_sends_one_whatever_the_state(
    call: Call,
    lane: dict[str, Any],
    receiver: Receiver,
    query: Any,
    delivering: None,
    change: str,
) -> None:
    query(f"UPDATE relay_lanes SET state = 'blocked', open_until = 'infinity', {change}")
    accept_as_active(call, query, "1", "2")
    receiver.answer = lambda _got: 500

    probed = call("POST", PROBE, number=lane["lane_id"])

    assert (probed.status, probed.data["outcome"]) == (200, "outage")
    assert len(receiver.got) == 1
    life = call("GET", "/admin/v1/events/{id}", number=probed.data["event"]).data
    assert [each["status"] for each in life["attempts"]] == ["outage"]


def accept_as_active(call: Call, query: Any, *orders: str) -> None:
    """Deliveries that came while the destination was active."""
    accept(call, *orders)
    query("UPDATE event_deliveries SET status = 'pending', reason = NULL, ended_at = NULL")


def test_successful_probe_opens_the_lane(
    call: Call, lane: dict[str, Any], receiver: Receiver, query: Any, delivering: None
) -> None:
    query("UPDATE relay_lanes SET state = 'blocked', open_until = 'infinity'")
    accept(call, "1")

    probed = call("POST", PROBE, number=lane["lane_id"])
    nothing = call("POST", PROBE, number=lane["lane_id"])

    assert (probed.data["outcome"], nothing.data["outcome"]) == ("delivered", "nothing_pending")
    (shown,) = call("GET", "/admin/v1/lanes").data["lanes"]
    assert (shown["state"], shown["pending_count"]) == ("open", 0)
    assert call("POST", PROBE, number=999).status == 404


def test_nobody_there_to_send_is_said(
    call: Call, lane: dict[str, Any], environment: dict[str, str], receiver: Receiver, query: Any
) -> None:
    right = wiring.parts()
    wiring.use(wiring.build({**environment, "RELAY_CHECK_WAIT_SECONDS": "1"}))
    waiting = call("POST", TEST, number=lane["id"])
    wiring.parts().close()
    wiring.use(right)

    assert (waiting.status, waiting.data["outcome"]) == (200, "waiting")
    assert query("SELECT count(*) AS n FROM audit_log WHERE action LIKE '%%/test'") == [{"n": 1}]
    query("UPDATE relay_checks SET created_at = now() - interval '1 hour'")
    deliver()
    assert receiver.got == []
