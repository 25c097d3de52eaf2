"""Failures by cause: what is one group, and how many are looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.relay.console import failures
from tests.integration.relay.conftest import Reply

Call = Callable[..., Reply]
Query = Callable[..., list[dict[str, Any]]]
PATH = "/relay/events/failures"


def groups(call: Call, **wanted: Any) -> dict[str, Any]:
    reply = call("GET", PATH, **wanted)
    assert reply.status == 200, reply
    return dict(reply.data)


def test_failures_of_one_cause_are_one_group(
    call: Call, make_lane: Any, make_events: Any, end: Any, query: Query
) -> None:
    lane, other = make_lane(), make_lane()
    events, others = make_events(lane, 6), make_events(other, 1)
    for event, number in zip(events[:3], (17, 18, 19), strict=True):
        end([event], "failed", f"HTTP 400: order {number} is unknown")
    end(events[3:4], "failed", "tries_spent: timeout")
    end(events[4:5], "expired", "tries_spent: timeout")
    end(events[5:], "skipped", "unmapped_event")
    end(others, "failed", "HTTP 400: order 17 is unknown")
    query(
        "UPDATE marketing_events SET created_at = now() - interval '1 hour' WHERE id = %(id)s",
        id=events[0],
    )

    found = groups(call)

    first = found["groups"][0]
    assert (first["events"], first["reason"]) == (3, "HTTP # order # is unknown")
    assert (first["stream"], first["stage"], first["event_type"]) == (str(lane), "failed", "paid")
    assert first["sample_event_id"] == f"{events[2]}-{lane}"
    assert first["first_at"] < first["last_at"]
    assert len({group["failure_group"] for group in found["groups"]}) == 4
    assert (found["rest"], found["truncated"]) == (None, False)
    assert [group["events"] for group in groups(call, stream=other)["groups"]] == [1]
    (at,) = query("SELECT now() - interval '30 minutes' AS at")
    assert groups(call, **{"from": at["at"].isoformat()})["groups"][0]["events"] == 2
    assert groups(call, stream=999)["groups"] == []


def test_groups_and_rows_are_bounded(
    call: Call,
    make_lane: Any,
    make_events: Any,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "GROUPS", 2)
    lane = make_lane()
    make_events(lane, 6)
    query(
        "UPDATE event_deliveries SET status = 'failed', ended_at = now(),"
        " reason = chr((96 + event - (SELECT min(event) FROM event_deliveries))::integer)"
    )

    assert (groups(call)["rest"], groups(call)["truncated"]) == ({"events": 4, "groups": 4}, False)
    monkeypatch.setattr(failures, "MOST", 3)
    cut = groups(call)
    assert (cut["rest"], cut["truncated"]) == ({"events": 1, "groups": 1}, True)


def test_wrong_requests_are_refused(call: Call) -> None:
    wrong = ({"from": "yesterday"}, {"stream": "x"}, {"to": "2026-01-01T00:00:00Z"})
    assert [call("GET", PATH, **each).status for each in wrong] == [422] * 3
    assert [call("GET", PATH, user=user).status for user in ("oms", None)] == [403, 401]
