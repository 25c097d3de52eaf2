"""The list of events at their destinations: what each filter finds, and how pages follow each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, product
from typing import Any

import pytest

from chalicelib.relay.console import listing
from chalicelib.relay.console.lanes import STATES
from tests.integration.relay.conftest import Reply

Call = Callable[..., Reply]
Query = Callable[..., list[dict[str, Any]]]
PATH = "/relay/events/list"


def pages(call: Call, **wanted: Any) -> Iterator[dict[str, Any]]:
    """The pages of a list, from its first on."""
    cursor: dict[str, Any] = {}
    while cursor is not None:
        reply = call("GET", PATH, **wanted, **cursor)
        assert reply.status == 200, reply
        yield reply.data
        following = reply.data["next_cursor"]
        cursor = {"cursor": following} if following else None  # type: ignore[assignment]


def found(call: Call, **wanted: Any) -> list[str]:
    """The ids of what is found, of all pages."""
    return [row["event_id"] for page in pages(call, **wanted) for row in page["events"]]


@pytest.fixture
def shops(make_lane: Any, make_events: Any, end: Any, query: Query) -> dict[str, list[str]]:
    """Two lanes, one of which fails, with an event in each state; their ids, the oldest first."""
    opened, closed = make_lane(), make_lane()
    query(
        "UPDATE relay_lanes SET state = 'failing', reason = 'HTTP 503' WHERE lane_id = %(lane)s",
        lane=closed,
    )
    events = {lane: make_events(lane, 6) for lane in (opened, closed)}
    states = ("delivered", "failed", "expired", "skipped")
    for state, (lane, numbers) in product(states, events.items()):
        reason = None if state == "delivered" else f"{state}: at {lane} 100% so"
        end([numbers[states.index(state)]], state, reason)
    ids = {lane: [f"{number}-{lane}" for number in numbers] for lane, numbers in events.items()}
    each = {state: [ids[lane][at] for lane in events] for at, state in enumerate(states)}
    return {
        **each,
        "waiting": ids[opened][4:],
        "held_back": ids[closed][4:],
        "open lane": ids[opened],
        "closed lane": ids[closed],
    }


def test_states_are_found_alone_and_together(call: Call, shops: dict[str, list[str]]) -> None:
    for state in STATES:
        assert found(call, states=state, order="oldest") == shops[state], state
        assert found(call, states=state) == shops[state][::-1], state
    both = [*shops["waiting"], *shops["failed"]]
    assert sorted(found(call, states="waiting,failed", limit=1)) == sorted(both)
    everything = [*shops["open lane"], *shops["closed lane"]]
    assert found(call, limit=5) == everything[::-1]
    assert found(call, limit=5, order="oldest") == everything


def test_lane_is_found_with_every_state(call: Call, shops: dict[str, list[str]]) -> None:
    lane = shops["open lane"][0].split("-")[1]

    assert found(call, stream=lane, limit=2) == shops["open lane"][::-1]
    for state in STATES:
        wanted = [each for each in shops[state] if each in shops["open lane"]]
        assert found(call, stream=lane, states=state) == wanted[::-1], state
    assert found(call, stream=lane, states="delivered,skipped,waiting", order="oldest") == [
        shops["open lane"][at] for at in (0, 3, 4, 5)
    ]
    assert found(call, stream=999) == []


def test_row_says_what_became_of_it(call: Call, shops: dict[str, list[str]]) -> None:
    rows = {row["event_id"]: row for row in next(pages(call))["events"]}
    held, failed = rows[shops["held_back"][0]], rows[shops["failed"][0]]
    delivered, waiting = rows[shops["delivered"][0]], rows[shops["waiting"][0]]

    assert (held["state"], held["reason"], held["try_count"]) == ("held_back", "HTTP 503", 0)
    assert (failed["state"], failed["lag_ms"], failed["try_count"]) == ("failed", None, 1)
    assert failed["reason"].startswith("failed: at")
    assert (delivered["reason"], delivered["event_type"]) == (None, "paid")
    assert min(delivered["lag_ms"], waiting["lag_ms"]) >= 0
    assert waiting["stream"] == shops["waiting"][0].split("-")[1]
    assert waiting["stream_name"].endswith(" → webhook")
    assert waiting["own_id"]


def test_reason_is_the_deliverys_or_its_lanes(call: Call, shops: dict[str, list[str]]) -> None:
    assert found(call, reason="http 50", order="oldest") == shops["held_back"]
    assert found(call, reason="EXPIRED: at", order="oldest") == shops["expired"]
    assert found(call, reason="100% so", states="failed,skipped", order="oldest") == sorted(
        [*shops["failed"], *shops["skipped"]], key=lambda each: int(each.split("-")[0])
    )
    assert found(call, reason="100_ so") == []


def test_event_is_found_by_its_ids(call: Call, shops: dict[str, list[str]], query: Query) -> None:
    number, lane = shops["failed"][0].split("-")
    (row,) = query("SELECT identity FROM marketing_events WHERE id = %(id)s", id=number)

    for text in (number, f"{number}-{lane}", row["identity"], f" {number} "):
        assert found(call, event=text) == [shops["failed"][0]], text
    assert found(call, event=number, states="delivered") == []
    assert found(call, event=f"{number}-{lane}", stream=int(lane) + 1) == []
    assert found(call, event="nobody's") == []


def test_times_and_types_leave_the_others_out(
    call: Call, shops: dict[str, list[str]], query: Query
) -> None:
    first, second = (each.split("-")[0] for each in shops["open lane"][:2])
    query(
        "UPDATE marketing_events SET event_type = CASE id WHEN %(first)s THEN 'order, shipped' ELSE"
        " 'refund' END, created_at = now() - interval '2 hours' WHERE id IN (%(first)s, %(second)s)",
        first=first,
        second=second,
    )
    (at,) = query("SELECT now() - interval '1 hour' AS hour, now() + interval '1 hour' AS later")
    hour, later = (at[name].isoformat() for name in ("hour", "later"))

    assert found(call, to=hour, order="oldest") == shops["open lane"][:2]
    assert len(found(call, **{"from": hour})) == 10
    assert found(call, to=hour, states="failed") == shops["open lane"][1:2]
    assert found(call, **{"from": later}) == []
    assert found(call, event_types="refund,other") == shops["open lane"][1:2]


def test_first_page_counts_what_matches(
    call: Call, shops: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = pages(call, limit=5)
    assert (first["total"], first["at_least"], first["truncated"]) == (12, False, False)
    assert second["total"] is None
    assert next(pages(call, states="waiting,held_back", limit=3))["total"] == 4
    assert next(pages(call, states="failed,expired,waiting", limit=1))["total"] == 6
    assert next(pages(call, states="expired", limit=1))["total"] == 2
    assert next(pages(call, stream=shops["waiting"][0].split("-")[1], limit=1))["total"] == 6
    unknown = next(pages(call, states="delivered", limit=1))
    assert (unknown["total"], unknown["at_least"]) == (1, True)
    monkeypatch.setattr(listing, "COUNTED", 8)
    counted = next(pages(call, limit=5))
    assert (counted["total"], counted["at_least"]) == (8, True)


@pytest.mark.parametrize("bound", ["LOOKED_AT", "WINDOW", "ENDED_WHOLE"])
def test_search_goes_on_behind_its_bound(
    call: Call, shops: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """However little a page may look at, all pages together have everything once, in order."""
    monkeypatch.setattr(listing, "READ_WHOLE", 0)
    monkeypatch.setattr(listing, "ENDED_WHOLE", 0)
    monkeypatch.setattr(listing, bound, 1)
    everything = [*shops["open lane"], *shops["closed lane"]]
    lane = shops["closed lane"][0].split("-")[1]
    for states, order in zip((*STATES, "failed,skipped,held_back"), cycle(("newest", "oldest"))):
        turn = -1 if order == "newest" else 1
        found_in = {each for state in states.split(",") for each in shops[state]}
        wanted = [each for each in everything if each in found_in]
        assert found(call, states=states, order=order, limit=2) == wanted[::turn], states
        of_lane = [each for each in wanted if each in shops["closed lane"]]
        assert found(call, states=states, order=order, stream=lane) == of_lane[::turn], states
    assert any(page["truncated"] for page in pages(call, states="skipped", stream=lane)) or (
        bound == "ENDED_WHOLE"
    )


def test_lane_that_was_just_made_is_listed(
    call: Call, shops: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its events may be there a moment after the lanes were read."""
    monkeypatch.setattr(listing, "read_lanes", lambda _db: {})

    names = {row["stream_name"] for row in next(pages(call, states="delivered"))["events"]}

    assert names == {f"an unknown shop → lane {each.split('-')[1]}" for each in shops["delivered"]}


def test_wrong_filters_are_refused(call: Call) -> None:
    wrong: list[dict[str, Any]] = [
        *({"states": "lost"}, {"states": ""}, {"limit": 0}, {"limit": 201}, {"stream": "0"}),
        *({"cursor": "x"}, {"order": "random"}, {"event_types": ""}, {"reason": "x" * 201}),
        *({"event": "\0"}, {"from": "2026-02-31T00:00:00Z"}, {"from": "2026-01-01"}, {"id": 1}),
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
    ]

    assert [call("GET", PATH, **wanted).status for wanted in wrong] == [422] * len(wrong)


def test_cursor_belongs_to_its_order(call: Call, shops: dict[str, list[str]]) -> None:
    cursor = next(pages(call, limit=1))["next_cursor"]

    assert call("GET", PATH, cursor=cursor, order="oldest").status == 422


def test_only_the_admin_lists_events(call: Call) -> None:
    assert [call("GET", PATH, user=user).status for user in ("oms", None)] == [403, 401]
