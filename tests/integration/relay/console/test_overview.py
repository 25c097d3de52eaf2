"""The relay's first screen: what each state of a lane, the intake and the ledger shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.relay.console import minutes, overview, read_overview, waiting
from tests.integration.relay.conftest import Reply

Call = Callable[..., Reply]
Query = Callable[..., list[dict[str, Any]]]
PATH = "/relay/overview"
KEPT = (
    *(read_overview.ANSWERS, read_overview.SERVERS, overview.LEDGERS),
    *(waiting.WHOLE, minutes.COUNTINGS, minutes.LAGS),
)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    yield
    for kept in KEPT:
        kept.clear()


@pytest.fixture
def look(call: Call, query: Query) -> Callable[..., dict[str, Any]]:
    """The answer of now, not of a second ago; the schedules have just run."""

    def look(**wanted: Any) -> dict[str, Any]:
        for kept in KEPT:
            kept.clear()
        query("UPDATE schedule_runs SET last_success_at = now(), expected_since = now()")
        reply = call("GET", PATH, **wanted)
        assert reply.status == 200, reply
        return dict(reply.data)

    return look


def test_system_without_lanes_explains_itself(look: Any) -> None:
    shown = look()

    assert shown["verdict"] == {"level": "ok", "sentence": overview.FIRST_STEPS, "count": 0}
    assert (shown["streams"], len(shown["last_hour"])) == ([], 60)
    assert {each["name"] for each in shown["system"]["servers"]} == {"database", "broker", "cache"}
    assert "relay_deliver" in {each["name"] for each in shown["system"]["schedules"]}


LANE = "UPDATE relay_lanes SET {} WHERE lane_id = %(lane)s"


def stream_of(shown: dict[str, Any], lane: int) -> dict[str, Any]:
    (found,) = [each for each in shown["streams"] if each["stream"] == str(lane)]
    return dict(found)


def conditions(shown: dict[str, Any]) -> set[str]:
    return {entry["condition"] for entry in shown["attention"]}


def test_calm_lanes_need_nobody(look: Any, make_lane: Any, make_events: Any, query: Query) -> None:
    lane = make_lane()
    delivered, _waiting = make_events(lane, 2)
    query(
        "UPDATE event_deliveries SET status = 'delivered', delivered_at = now(), ended_at = now(),"
        " attempt_count = 1 WHERE event = %(event)s",
        event=delivered,
    )

    shown = look()

    assert shown["attention"] == []
    assert shown["verdict"]["level"] == "ok"
    stream = stream_of(shown, lane)
    assert (stream["level"], stream["sentence"]) == ("ok", "Events are on their way")
    assert (stream["pending"], stream["held_back"], stream["status"]) == (1, 0, "active")
    assert stream["name"].endswith(" → webhook")
    assert stream["lag_p95_ms"] is not None
    assert sum(stream["spark"]) == 1
    pipeline = shown["pipeline"]
    assert pipeline["committed"] == {"last_minute": 2, "last_hour": 2}
    assert pipeline["processed"] == {"last_minute": 1, "last_hour": 1}
    assert pipeline["outbox"]["count"] == 1
    assert (pipeline["bank"]["count"], pipeline["queue"], pipeline["published"]) == (0, None, None)
    assert [
        sum(point[kind] for point in shown["last_hour"]) for kind in ("committed", "failed")
    ] == [*(2, 0)]


STATES = [
    ("state = 'blocked', reason = 'HTTP 401', open_until = 'infinity'", "lane_blocked", "bad"),
    ("state = 'blocked', reason = 'refuses_everything'", "mass_refusal", "bad"),
    ("state = 'failing', reason = 'timeout', open_until = now()", "lane_failing", "warn"),
    ("paused = true", "lane_stopped", "warn"),
    ("is_active = false", "lane_stopped", "warn"),
    ("state = 'waiting', reason = 'HTTP 429', open_until = now() + interval '1 min'", None, "info"),
    ("state = 'waiting', reason = 'HTTP 429', open_until = now()", None, "ok"),
]


def test_lane_that_is_not_open_holds_its_events(
    look: Any, make_lane: Any, make_events: Any, query: Query
) -> None:
    lane = make_lane()
    make_events(lane, 3)
    for change, condition, level in STATES:
        query(
            "UPDATE relay_lanes SET paused = false, is_active = true, state = 'open', reason = NULL,"
            " open_until = NULL"
        )
        query(LANE.format(change), lane=lane)

        shown = look()

        stream = stream_of(shown, lane)
        assert conditions(shown) == ({condition} if condition else set()), change
        assert stream["level"] == level, change
        held = 0 if level == "ok" else 3
        assert (stream["pending"], stream["held_back"]) == (3, held), change
        assert shown["pipeline"]["bank"]["count"] == held, change
        assert shown["pipeline"]["outbox"]["count"] == 3 - held, change
        for entry in shown["attention"]:
            assert (entry["stream"], entry["count"]) == (str(lane), 3), change
            assert f"stream={lane}" in entry["view"]
            assert "consumer_id" not in entry


def test_many_lanes_are_one_entry(
    look: Any, make_lane: Any, make_events: Any, query: Query
) -> None:
    for _ in range(4):
        make_events(make_lane(), 2)
    query("UPDATE relay_lanes SET state = 'blocked', reason = 'HTTP 401'")

    (entry,) = look()["attention"]

    assert (entry["title"], entry["count"]) == ("4 lanes: blocked by the receiver", 8)
    assert (entry["stream"], entry["view"]) == (None, "/events?states=held_back")


def test_worst_lane_comes_first(look: Any, make_lane: Any, make_events: Any, query: Query) -> None:
    calm, busy, old, failed = (make_lane() for _ in range(4))
    make_events(busy, 2)
    (late,) = make_events(old, 1)
    lost = make_events(failed, 3)
    query(
        "UPDATE marketing_events SET created_at = now() - interval '2 hours' WHERE id = %(event)s",
        event=late,
    )
    query(
        "UPDATE event_deliveries SET status = CASE event WHEN %(one)s THEN 'expired' ELSE 'failed' END,"
        " reason = 'HTTP 400', ended_at = now() WHERE lane_id = %(lane)s",
        lane=failed,
        one=lost[0],
    )

    shown = look()

    assert [each["stream"] for each in shown["streams"]] == [
        str(lane) for lane in (old, failed, busy, calm)
    ]
    assert conditions(shown) == {"pending_too_long", "deliveries_failed"}
    assert shown["verdict"]["level"] == "bad"
    assert stream_of(shown, old)["oldest_pending_seconds"] >= 7_200
    assert shown["pipeline"]["failed"] == {
        "publish_failed": None,
        "delivery_failed": 2,
        "dead_letters": 1,
    }
    assert shown["last_hour"][-1]["failed"] + shown["last_hour"][-2]["failed"] == 3


def test_minutes_are_counted_once(
    call: Call, look: Any, make_lane: Any, make_events: Any, end: Any, query: Query
) -> None:
    """What ended ten minutes ago stays known; what ends now is added; idle minutes are no gap."""
    lane = make_lane()
    early, late = make_events(lane, 2)
    end([early], "delivered")
    query(
        "UPDATE event_deliveries SET ended_at = now() - interval '10 min' WHERE status = 'delivered'"
    )
    assert look()["pipeline"]["processed"] == {"last_minute": 0, "last_hour": 1}
    end([late], "delivered")
    query("DELETE FROM event_deliveries WHERE event = %(event)s", event=early)
    read_overview.ANSWERS.clear()

    shown = call("GET", PATH).data

    assert shown["pipeline"]["processed"] == {"last_minute": 1, "last_hour": 2}
    assert None not in stream_of(shown, lane)["spark"]


def test_minutes_of_one_lane_are_not_all(
    call: Call, look: Any, make_lane: Any, make_events: Any, end: Any, query: Query
) -> None:
    lane, other = make_lane(), make_lane()
    end(make_events(other, 2), "delivered")
    query("UPDATE event_deliveries SET ended_at = now() - interval '10 min'")
    look(stream=lane)

    shown = call("GET", PATH).data

    assert shown["pipeline"]["processed"]["last_hour"] == 2


def test_minutes_beyond_the_bound_are_unknown(
    look: Any, make_lane: Any, make_events: Any, end: Any, query: Query, monkeypatch: Any
) -> None:
    monkeypatch.setattr(minutes, "LEAST_SHARE", 2)
    monkeypatch.setattr(minutes, "MOST", 2)
    lane = make_lane()
    end(make_events(lane, 3), "delivered")
    query(
        "UPDATE event_deliveries SET ended_at = now() - interval '1 min' * (10 * event -"
        " (SELECT 10 * min(event) FROM event_deliveries))"
    )

    shown = look()

    assert shown["last_hour"][-1]["processed"] is not None
    assert shown["last_hour"][0] | {"at": None} == {
        **dict.fromkeys(("at", "committed", "processed", "failed"))
    }
    assert shown["pipeline"]["processed"]["last_hour"] is None


def test_one_lane_is_shown_alone(look: Any, call: Call, make_lane: Any, make_events: Any) -> None:
    lane, other = make_lane(), make_lane()
    make_events(other, 2)

    assert [each["stream"] for each in look(stream=lane)["streams"]] == [str(lane)]
    assert look(stream=lane)["pipeline"]["outbox"]["count"] == 0
    assert call("GET", PATH).data["pipeline"]["outbox"]["count"] == 2, (
        "one lane's figures are its own"
    )
    refused = [call("GET", PATH, stream=wrong).status for wrong in (other + 1, "0", "1_0", "x")]
    assert refused == [404, 422, 422, 422]


def test_rows_that_are_not_taken_in_are_told(look: Any, make_lane: Any, query: Query) -> None:
    make_lane()
    query(
        "INSERT INTO marketing_events (event_id, storefront_code, status, status_reason, created_at)"
        " VALUES ('1', 'shop', 'pending', NULL, now() - interval '11 minutes'),"
        " ('2', 'nobody', 'unresolved', 'no storefront has its code', now()),"
        " ('3', 'shop', 'draft', NULL, now()), ('4', 'shop', 'unresolved', NULL, now())"
    )

    shown = look()

    assert {entry["condition"]: entry["count"] for entry in shown["attention"]} == {
        "not_taken_in": 1,
        "rows_unresolved": 1,
        "rows_left_alone": 2,
    }
    assert shown["pipeline"]["outbox"] == {"count": 1, "oldest_seconds": 660}
    assert shown["pipeline"]["committed"]["last_minute"] == 0


def test_ledger_that_is_off_or_old_is_told(look: Any, make_lane: Any, query: Query) -> None:
    make_lane()
    assert look()["verdict"]["sentence"] == overview.NEVER_COUNTED
    query(
        "INSERT INTO last_reconciliation (taken_at, report_json) VALUES (now(), jsonb_build_object("
        " 'taken_at', now() - interval '4 hours', 'balanced', false, 'lanes', '[]'::jsonb,"
        " 'discrepancies', jsonb_build_object('events_without_delivery', 2)))"
    )

    shown = look()

    assert conditions(shown) == {"not_balanced", "not_reconciled"}
    assert shown["verdict"]["sentence"].startswith("The ledger does not balance.")
    assert shown["system"]["reconciliation"]["discrepancies"] == 2


def test_late_schedule_needs_somebody(call: Call, look: Any, query: Query) -> None:
    look()
    query(
        "UPDATE schedule_runs SET last_success_at = now() - interval '1 hour',"
        " expected_since = now() - interval '1 hour' WHERE schedule = 'relay_deliver'"
    )
    for kept in KEPT:
        kept.clear()

    entries = call("GET", PATH).data["attention"]

    assert [entry["condition"] for entry in entries] == ["schedule_missed"]
    assert "relay_deliver" in entries[0]["title"]


def test_only_the_admin_sees_it(call: Call) -> None:
    assert [call("GET", PATH, user=user).status for user in ("oms", None)] == [403, 401]
