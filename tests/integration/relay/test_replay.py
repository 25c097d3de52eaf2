"""Replays: what ended goes again behind what is new, what waits is given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.relay import wiring
from chalicelib.relay.replay.models import Replay
from chalicelib.relay.replay.replay import FIRST, replay
from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.test_slice import EVENT, HAPPENED
from tests.support.receiver import Receiver

Query = Callable[..., list[dict[str, Any]]]
Call = Callable[..., Reply]


def post(call: Call, *order_ids: str, **fields: Any) -> list[int]:
    events = [{**EVENT, **fields, "order_id": order_id} for order_id in order_ids]
    reply = call("POST", "/v1/events", {"data": events}, user="oms")
    return [each["id"] for each in reply.data["results"]]


@pytest.fixture
def failed(call: Call, secret: str, receiver: Receiver) -> list[int]:
    """Events that their webhook has refused."""
    receiver.answer = lambda _got: 422
    events = post(call, "1", "2", "3")
    deliver()
    receiver.answer = lambda _got: 200
    receiver.got.clear()
    return events


def test_dry_run_is_the_default(call: Call, failed: list[int], query: Query) -> None:
    told = call("POST", "/admin/v1/replay", {}).data

    assert (told["dry_run"], told["replay_id"], told["go_count"]) == (True, None, 3)
    (lane,) = told["lanes"]
    assert (lane["destination"], lane["go"], lane["stay"]) == ("webhook", {"failed": 3}, {})
    assert query("SELECT DISTINCT status FROM event_deliveries") == [{"status": "failed"}]


def test_call_without_time_goes_on(call: Call, failed: list[int]) -> None:
    own = wiring.parts()
    with own.request.database.transaction():
        told = replay(own.request.database, own.sealing(), Replay(), seconds=0)

    assert (told["go_count"], told["next_cursor"]) == (0, FIRST)
    rest = call("POST", "/admin/v1/replay", {"cursor": FIRST}).data
    assert (rest["go_count"], rest["next_cursor"]) == (3, None)


def test_replayed_go_behind_new_ones(
    call: Call, failed: list[int], receiver: Receiver, query: Query
) -> None:
    query("UPDATE relay_lanes SET concurrency = 1")
    told = call("POST", "/admin/v1/replay", {"statuses": ["failed"], "dry_run": False}).data
    again = call("POST", "/admin/v1/replay", {"statuses": ["pending"], "dry_run": False}).data
    post(call, "new")

    deliver()

    assert (told["go_count"], again["go_count"]) == (3, 3)
    assert told["replay_id"] != again["replay_id"]
    assert [got.data["order_id"] for got in receiver.got] == ["new", "1", "2", "3"]
    assert call("GET", "/admin/v1/reconcile").data["balanced"]


FILTERS: list[tuple[dict[str, Any], int]] = [
    ({"storefronts": ["bosley"], "destinations": ["webhook"]}, 3),
    ({"storefronts": ["other"]}, 0),
    ({"storefronts": [999]}, 0),
    ({"destinations": [999]}, 0),
    ({"event_ids": ["2"]}, 1),
    ({"event_types": ["order_shipped"]}, 0),
    ({"statuses": ["expired", "skipped", "pending", "delivered"]}, 0),
    ({"reasons": ["no such reason"]}, 0),
    ({"reasons": ["refused"]}, 3),
    ({"event_time_to": (HAPPENED - timedelta(hours=1)).isoformat()}, 0),
    (
        {
            "event_time_from": (HAPPENED - timedelta(hours=1)).isoformat(),
            "event_time_to": (HAPPENED + timedelta(hours=1)).isoformat(),
        },
        3,
    ),
]


def test_filter_names_what_goes(call: Call, failed: list[int], query: Query) -> None:
    query("UPDATE event_deliveries SET reason = 'refused: by the receiver'")

    for wanted, count in FILTERS:
        assert call("POST", "/admin/v1/replay", wanted).data["go_count"] == count, wanted
    for wrong in ({"storefronts": [0]}, {"statuses": ["sent"]}, {"cursor": "x"}, {"reasons": []}):
        assert call("POST", "/admin/v1/replay", wrong).status == 422, wrong


def test_delivered_go_only_when_named(call: Call, secret: str, receiver: Receiver) -> None:
    post(call, "1")
    deliver()

    unnamed = call("POST", "/admin/v1/replay", {}).data
    named = call("POST", "/admin/v1/replay", {"statuses": ["delivered"], "dry_run": False}).data
    deliver()

    assert (unnamed["go_count"], named["go_count"], named["unprotected_count"]) == (0, 1, 1)
    assert "twice" in named["warnings"][0]
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len(receiver.got) == 2


def test_what_cannot_go_stays(call: Call, failed: list[int], query: Query) -> None:
    old, refused, _ = failed
    query(
        "UPDATE marketing_events SET event_time = now() - interval '8 days' WHERE id = %(id)s",
        id=old,
    )
    query(
        "UPDATE marketing_events SET erased_at = now() WHERE id = %(id)s",
        id=refused,
    )

    told = call("POST", "/admin/v1/replay", {"dry_run": False}).data

    (lane,) = told["lanes"]
    assert (lane["go"], lane["stay"]) == ({"failed": 1}, {"too_old": 1, "erased": 1})
    assert query("SELECT count(*) AS n FROM event_deliveries WHERE status = 'pending'") == [
        {"n": 1}
    ]


def test_backfill_makes_what_never_was(
    call: Call, failed: list[int], receiver: Receiver, query: Query
) -> None:
    query("DELETE FROM event_attempts; DELETE FROM event_deliveries")
    query("UPDATE relay_lanes SET created_at = now()")

    without = call("POST", "/admin/v1/replay", {"dry_run": False}).data
    told = call("POST", "/admin/v1/replay", {"backfill": True, "dry_run": False}).data
    deliver()

    assert (without["go_count"], told["lanes"][0]["go"]) == (0, {"new": 3})
    assert sorted(got.data["order_id"] for got in receiver.got) == ["1", "2", "3"]
    assert call("GET", "/admin/v1/reconcile").data["balanced"]


def test_cursor_leads_to_the_rest(
    call: Call, failed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("PAGE", 2), ("MOST", 2)):
        monkeypatch.setattr(f"chalicelib.relay.replay.replay.{name}", most)

    first = call("POST", "/admin/v1/replay", {}).data
    rest = call("POST", "/admin/v1/replay", {"cursor": first["next_cursor"]}).data

    assert (first["go_count"], rest["go_count"], rest["next_cursor"]) == (2, 1, None)


def test_given_up_end_as_skipped(call: Call, secret: str, receiver: Receiver, query: Query) -> None:
    one, other = post(call, "1", "2")
    query(
        "UPDATE event_deliveries SET lease_token = gen_random_uuid(),"
        " lease_until = now() + interval '1 minute' WHERE event = %(id)s",
        id=other,
    )

    dry = call("POST", "/admin/v1/give-up", {}).data
    told = call("POST", "/admin/v1/give-up", {"dry_run": False}).data

    assert (dry["go_count"], told["go_count"]) == (1, 1)
    assert query("SELECT event, status, reason FROM event_deliveries ORDER BY event") == [
        {"event": one, "status": "skipped", "reason": "given_up"},
        {"event": other, "status": "pending", "reason": None},
    ]
