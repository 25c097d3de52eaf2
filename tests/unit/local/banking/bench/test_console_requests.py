"""The console's measurement: what it asks, where its hundredth page begins, what its figures say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from os import getpid
from typing import Any

from local.banking.bench.console import looks
from local.banking.bench.console.bars import BARS
from local.banking.bench.console.requests import hundredth, served_sizes
from local.banking.bench.console.store import Store
from local.banking.bench.console.turns import FIRST_CALLS, MORE_CALLS, Cost, Taken, Turns, summed_up

NAMES = ("event_id", "customer_id", "waiting_customer_id", "request_id", "trace_id", "newest_at")
FACTS = {name: f"some {name}" for name in NAMES}
STORE = Store("", "", "some-bank", datetime(2026, 3, 1, tzinfo=UTC), FACTS, {}, lambda: None)


def test_filters_are_asked_alone_and_in_pairs() -> None:
    asked = [look.query for look in looks.lists(STORE) if look.path == "/events/list"]
    states, types = {"states": "held_back"}, {"event_types": "customer_deletion"}

    for query in ({}, states, types, {**states, **types}):
        assert {"total": "false", **query} in asked
    assert len({look.name for look in looks.lists(STORE)}) == len(list(looks.lists(STORE)))


def test_hundredth_page_follows_its_rows() -> None:
    seen: list[int] = []

    def ask(more: Mapping[str, object]) -> dict[str, Any]:
        seen.append(int(str(more["limit"])))
        return {"next_cursor": f"after {sum(seen)}"}

    assert hundredth(ask) == "after 4950"
    assert max(seen) == 200


def test_last_page_stands_for_the_hundredth() -> None:
    cursors = iter(["after 200", "after 400", None])

    assert hundredth(lambda _: {"next_cursor": next(cursors)}) == "after 400"


def test_slow_request_is_asked_again() -> None:
    calls = count()
    turns = Turns(lambda: None, getpid())

    turns.take("fast", lambda: next(calls), bar_ms=10_000)
    fast = next(calls)
    taken = turns.take("slow", lambda: next(calls), bar_ms=0)

    assert fast == FIRST_CALLS + 2
    assert len(taken.calls) == len(taken.floor) == MORE_CALLS


def test_slowest_request_is_told() -> None:
    quick = Taken("quick", [Cost(1, 0.5, 0.5)] * 9, [Cost(1, 1, 1)] * 9)
    slow = Taken("slow", [Cost(50, 3, 6)] * 3, [Cost(1, 1, 1)] * 3)

    figures = summed_up("lane", [quick, slow])

    assert figures["console_lane_slowest_p95_ms"] == 50
    assert figures["console_lane_p50_ms"] == figures["console_lane_vs_floor"] == 1
    assert (figures["console_lane_cpu_ms"], figures["console_lane_cpu_vs_floor"]) == (3, 1.5)


def test_page_is_within_its_bars() -> None:
    for name, size in served_sizes().items():
        assert BARS[name].holds(size), (name, size)
