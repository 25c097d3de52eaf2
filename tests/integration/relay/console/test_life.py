"""One event at one destination: its steps, who held it, and the same event elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.test_slice import EVENT
from tests.support.receiver import Receiver

Call = Callable[..., Reply]
Query = Callable[..., list[dict[str, Any]]]
PATH = "/relay/events/data"


def life_of(call: Call, event_id: str, **wanted: Any) -> dict[str, Any]:
    reply = call("GET", PATH, event_id=event_id, **wanted)
    assert reply.status == 200, reply
    return dict(reply.data)


def steps(life: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["step"], step["outcome"]) for step in life["timeline"]]


def facts(life: dict[str, Any]) -> dict[str, str]:
    return {fact["name"]: fact["value"] for fact in life["facts"]}


def accept(call: Call) -> str:
    """Has an event accepted for the one lane that there is; its id in the console."""
    (result,) = call("POST", "/v1/events", {"data": [EVENT]}, user="oms").data["results"]
    (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]
    return f"{result['id']}-{lane['lane_id']}"


def test_delivered_event_shows_its_attempts(call: Call, secret: str, receiver: Receiver) -> None:
    event_id = accept(call)
    waiting = life_of(call, event_id)
    receiver.answer = lambda _got: 503 if len(receiver.got) == 1 else 200
    deliver()

    life = life_of(call, event_id)

    assert (waiting["state"], steps(waiting)) == ("waiting", [("accepted", "accepted")])
    assert steps(life)[1:] == [
        *(("attempt", "outage"), ("attempt", "delivered"), ("delivered", "delivered"))
    ]
    assert life["timeline"][1]["words"].startswith("HTTP 503, ")
    assert (life["state"], life["try_count"], life["own_id"]) == ("delivered", 2, EVENT["order_id"])
    assert facts(life)["HTTP status"] == "200"
    assert facts(life)["Order"] == EVENT["order_id"]
    held = life["durations"]
    assert held["ours_ms"] + held["held_back_ms"] + held["bank_ms"] == held["total_ms"]
    assert (held["queue_ms"], life["siblings"], life["payload"]) == (None, [], None)
    assert "jane" not in str(life).lower()


def test_payload_leaves_an_audit_row(call: Call, secret: str, query: Query) -> None:
    event_id = accept(call)
    assert life_of(call, event_id)["payload"] is None
    assert query("SELECT FROM audit_log WHERE action LIKE '%%/relay/%%'") == []

    life = life_of(call, event_id, payload="true")

    assert life["payload"]["value"] == 80.79
    assert "Jane" not in str(life)
    (row,) = query("SELECT reason FROM audit_log WHERE action LIKE '%%/relay/%%'")
    assert row["reason"] == f"read the payload of event {event_id}"


def test_lane_says_what_holds_an_event(
    call: Call, make_lane: Any, make_events: Any, query: Query
) -> None:
    lane = make_lane()
    (event,) = make_events(lane, 1)
    changes = {
        "state = 'waiting', reason = 'HTTP 429', open_until = now() + interval '5 min'": "throttled",
        "state = 'failing', reason = 'timeout'": "failing",
        "state = 'blocked', reason = 'HTTP 401'": "blocked",
        "paused = true": "paused",
    }
    for change, step in changes.items():
        query(f"UPDATE relay_lanes SET since = now(), {change}")

        life = life_of(call, f"{event}-{lane}")

        assert (life["state"], steps(life)[-1]) == ("held_back", (step, "waiting")), change
        assert life["durations"]["held_back_ms"] <= life["durations"]["total_ms"]
    assert life["durations"]["ours_ms"] == 0, "what is paused is held back from its first moment"
    assert life["durations"]["bank_ms"] == 0


def test_ends_are_told_apart(
    call: Call, make_lane: Any, make_events: Any, end: Any, query: Query
) -> None:
    lane = make_lane()
    events = make_events(lane, 4)
    ends = (
        *(("failed", "HTTP 400: colour"), ("expired", "too old"), ("skipped", "unmapped_event")),
        ("skipped", "given_up"),
    )
    for event, (status, reason) in zip(events, ends, strict=True):
        end([event], status, reason)
    query("UPDATE event_deliveries SET attempt_count = 0 WHERE status = 'skipped'")

    lives = [life_of(call, f"{event}-{lane}") for event in events]

    assert [steps(life)[-1] for life in lives] == [
        *(("failed", "failed"), ("expired", "expired"), ("skipped", "skipped")),
        ("given_up", "skipped"),
    ]
    assert [life["timeline"][-1]["words"] for life in lives] == [reason for _, reason in ends]
    forgotten, known = lives[0]["durations"], lives[2]["durations"]
    assert (forgotten["ours_ms"], forgotten["bank_ms"]) == (None, None), "its attempts are gone"
    assert known["ours_ms"] == known["total_ms"]


def test_replayed_event_is_behind_the_new(
    call: Call, make_lane: Any, make_events: Any, end: Any
) -> None:
    lane = make_lane()
    (event,) = make_events(lane, 1)
    end([event], "skipped", "given_up")
    again = {"event_ids": [event], "dry_run": False}
    assert call("POST", "/admin/v1/replay", again).data["go_count"] == 1

    life = life_of(call, f"{event}-{lane}")

    assert steps(life) == [("accepted", "accepted"), ("replayed", "pending")]
    assert facts(life)["Replay"] in life["timeline"][-1]["by"]


def test_inserted_row_is_taken_in_later(
    call: Call, make_lane: Any, make_events: Any, query: Query
) -> None:
    lane = make_lane()
    (event,) = make_events(lane, 1)
    query("UPDATE marketing_events SET created_at = now() - interval '40 s', source_system = 'oms'")

    life = life_of(call, f"{event}-{lane}")

    assert steps(life) == [("accepted", "pending"), ("taken_in", "accepted")]
    assert life["timeline"][0]["by"] == "oms"


def test_same_event_elsewhere_is_named(
    call: Call, make_lane: Any, make_events: Any, query: Query
) -> None:
    lane, other = make_lane(), make_lane()
    (event,) = make_events(lane, 1)
    query("INSERT INTO event_deliveries (event, lane_id) VALUES (%(e)s, %(l)s)", e=event, l=other)

    (sibling,) = life_of(call, f"{event}-{lane}")["siblings"]

    assert (sibling["event_id"], sibling["state"]) == (f"{event}-{other}", "waiting")
    assert life_of(call, sibling["event_id"])["siblings"][0]["event_id"] == f"{event}-{lane}"


def test_what_is_not_there_is_not_found(call: Call, make_lane: Any, make_events: Any) -> None:
    lane = make_lane()
    (event,) = make_events(lane, 1)
    assert life_of(call, f" {event}-{lane} ")["event_id"] == f"{event}-{lane}"

    wanted = (
        f"{event}-{lane + 1}",
        f"{event + 1}-{lane}",
        "x",
        f"{event}",
        f"0-{lane}",
        "1-" + "9" * 19,
    )
    assert [call("GET", PATH, event_id=each).status for each in wanted] == [404, 404] + [422] * 4
    assert [call("GET", PATH, event_id="1-1", user=user).status for user in ("oms", None)] == [
        403,
        401,
    ]
