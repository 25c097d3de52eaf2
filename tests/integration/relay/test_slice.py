"""From a batch to a receiver: accepted, delivered once, signed, shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.fernet import Fernet
from standardwebhooks.webhooks import Webhook

from chalicelib.relay import wiring
from tests.integration.relay.conftest import Reply, deliver
from tests.support.receiver import Receiver

HAPPENED = datetime.now(timezone(timedelta(hours=-5))).replace(microsecond=0) - timedelta(days=1)
"""An event is sent for seven days after it happened."""
EVENT = {
    "storefront_id": "bosley",
    "event_name": "purchase_completed",
    "event_time": HAPPENED.isoformat(),
    "order_id": "2025010100001111",
    "order_revenue": 80.79,
    "user": {"email": "Jane.Roe@example.com", "phone": "+1 650 555 1234"},
    "utm_source": "mail",
}


def test_event_arrives_signed_and_is_shown(
    call: Callable[..., Reply], secret: str, receiver: Receiver
) -> None:
    accepted = call("POST", "/v1/events", {"count": 1, "data": [EVENT]}, user="oms")
    assert (accepted.status, accepted.data["accepted"]) == (202, 1), accepted

    assert deliver() == {"delivered": 1}

    (got,) = receiver.got
    Webhook(secret).verify(got.body, dict(got.headers))
    assert b'"value":80.79' in got.body
    assert b"Jane" not in got.body
    assert got.data["extra"] == {"utm_source": "mail"}
    number = accepted.data["results"][0]["id"]
    life = call("GET", "/admin/v1/events/{id}", number=number)
    assert life.status == 200
    assert [each["status"] for each in life.data["deliveries"]] == ["delivered"]
    assert [each["http_status"] for each in life.data["attempts"]] == [200]
    assert "jane" not in json.dumps(life.data).lower()


def test_batch_sent_again_is_all_duplicates(
    call: Callable[..., Reply], secret: str, receiver: Receiver
) -> None:
    other = {**EVENT, "order_revenue": 1}
    first = call("POST", "/v1/events", {"data": [EVENT, EVENT]}, user="oms")
    again = call("POST", "/v1/events", {"data": [EVENT, other]}, user="oms")

    assert [each["status"] for each in first.data["results"]] == ["accepted", "duplicate"]
    assert [each["status"] for each in again.data["results"]] == ["duplicate", "conflict"]
    assert len({each["id"] for each in [*first.data["results"], *again.data["results"]]}) == 1
    deliver()
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([EVENT], 400),
        ({}, 422),
        ({"data": {}}, 422),
        ({"data": []}, 422),
        ({"data": [1] * 1001}, 422),
    ],
)
def test_page_that_cannot_be_read_stores_nothing(
    call: Callable[..., Reply], body: Any, status: int
) -> None:
    reply = call("POST", "/v1/events", body, user="oms")

    assert reply.status == status
    assert "Jane" not in reply.description


def test_pages_error_is_a_warning(call: Callable[..., Reply], secret: str) -> None:
    page = {"data": [EVENT], "error": "jane@example.com", "count": 99, "next_url": "http://x.test/"}

    reply = call("POST", "/v1/events", page, user="oms")

    assert (reply.status, reply.data["accepted"], len(reply.data["warnings"])) == (202, 1, 1)
    assert "jane" not in str(reply)


def test_bad_items_leave_good_ones_alone(call: Callable[..., Reply], secret: str) -> None:
    bad = [
        "text",
        {**EVENT, "storefront_id": "unknown"},
        {**EVENT, "event_time": HAPPENED.replace(tzinfo=None).isoformat()},
        {**EVENT, "order_id": None},
        {**EVENT, "event_name": "x\0"},
        {**EVENT, "order_revenue": -1},
    ]

    reply = call("POST", "/v1/events", {"data": [*bad, EVENT]}, user="oms")

    assert reply.status == 202
    assert [each["status"] for each in reply.data["results"]] == ["rejected"] * 6 + ["accepted"]
    assert all(each["error"] for each in reply.data["results"][:6])


def test_receiver_that_comes_back_gets_everything(
    call: Callable[..., Reply], secret: str, receiver: Receiver, query: Any
) -> None:
    receiver.answer = lambda _got: 503
    events = [{**EVENT, "order_id": str(number)} for number in range(5)]
    call("POST", "/v1/events", {"data": events}, user="oms")
    deliver()
    assert query("SELECT DISTINCT status FROM event_deliveries") == [{"status": "pending"}]

    receiver.answer = lambda _got: 200
    query("UPDATE relay_lanes SET open_until = now()")
    deliver()

    assert query("SELECT DISTINCT status FROM event_deliveries") == [{"status": "delivered"}]
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert len(set(ids)) == 5


@pytest.mark.parametrize("user", ["oms", "admin"])
def test_only_admins_administrate(call: Callable[..., Reply], user: str) -> None:
    reply = call("GET", "/admin/v1/storefronts", user=user)

    assert reply.status == (200 if user == "admin" else 403)


def test_paused_lane_says_so_and_goes_on(
    call: Callable[..., Reply], secret: str, receiver: Receiver
) -> None:
    (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]
    number = lane["lane_id"]
    paused = call("PATCH", "/admin/v1/lanes/{id}", {"paused": True}, number=number)
    call("POST", "/v1/events", {"data": [EVENT]}, user="oms")

    assert deliver() == {}
    assert (paused.data["state"], paused.data["pending_count"]) == ("paused", 0)
    (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]
    assert lane["pending_count"] == 1
    call("PATCH", "/admin/v1/lanes/{id}", {"paused": False}, number=number)
    assert deliver() == {"delivered": 1}


def test_receiver_that_is_gone_blocks_its_lane(
    call: Callable[..., Reply], secret: str, receiver: Receiver
) -> None:
    receiver.answer = lambda _got: 410
    call("POST", "/v1/events", {"data": [EVENT]}, user="oms")

    deliver()

    (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]
    assert (lane["state"], lane["next_try_at"], lane["pending_count"]) == ("blocked", None, 1)


def test_missing_key_stops_the_lane(
    call: Callable[..., Reply],
    secret: str,
    receiver: Receiver,
    environment: dict[str, str],
    query: Any,
) -> None:
    call("POST", "/v1/events", {"data": [EVENT]}, user="oms")
    other = json.dumps({"k9": Fernet.generate_key().decode()})
    right = wiring.parts()
    wiring.use(wiring.build({**environment, "RELAY_KEYS": other}))
    try:
        deliver()
        (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]
    finally:
        wiring.parts().delivery().close()
        wiring.parts().close()
        wiring.use(right)

    assert (lane["state"], lane["pending_count"]) == ("blocked", 1)
    assert "k1" in lane["reason"]
    assert receiver.got == []
    assert query("SELECT id FROM event_attempts") == []


@pytest.mark.parametrize(
    "closed", ["paused = true", "state = 'blocked', open_until = 'infinity'", "is_active = false"]
)
def test_probe_tries_a_closed_lane(
    call: Callable[..., Reply], secret: str, receiver: Receiver, query: Any, closed: str
) -> None:
    call("POST", "/v1/events", {"data": [EVENT]}, user="oms")
    query(f"UPDATE relay_lanes SET {closed}")
    (lane,) = query("SELECT lane_id FROM relay_lanes")
    delivery = wiring.parts().delivery()

    done = delivery.checks.probe(lane["lane_id"])

    assert (done.http_status, done.outcome) == (200, "delivered")
    assert len(receiver.got) == 1
    assert query("SELECT status FROM event_deliveries") == [{"status": "delivered"}]
    assert delivery.checks.probe(lane["lane_id"]).outcome == "nothing_pending"
