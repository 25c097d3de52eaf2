"""Lists deliveries: which indexes have what may match, where a page ends, how many match."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from chalicelib.relay.console.lanes import STATES, Lane, Lanes, lane_of, read_lanes
from chalicelib.relay.console.list_models import EventListing
from fintegrate.console.totals import NOT_COUNTED, Total
from fintegrate.database import Database, Row
from fintegrate.http.cursors import number_of
from fintegrate.http.listings import Column, Listing
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LIST = Listing(
    "relay_events",
    (Column("event", "event", number_of), Column("lane_id", "lane_id", number_of)),
)
LOOKED_AT = 3_000
"""How many deliveries a page looks at."""
COUNTED = 20_000
"""How many a count counts."""
READ_WHOLE = 20_000
"""The numbers of so many that wait are put in order. More are looked for among all deliveries."""
ENDED_WHOLE = 5_000
"""So many that have ended in one lane are put in order. More are looked for in the same way."""
WINDOW = 20_000
"""How many events a page goes through for one lane of which much has ended."""
NAMED = 200
"""How many events one id may name: one at each shop and of each type."""
SOURCES = ("all", "of_events", "not_delivered", "failed", "ended", "pending")
"""Where a list's rows come from: an index each."""
_LAST = 2**63 - 1
_FIRST = (0, 0)
_END = (_LAST, _LAST)
_NUMBER = re.compile(r"([1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?", re.ASCII)
_SPECIAL = re.compile(r"[\\%_]")
_ENDED = {"delivered", "failed", "expired", "skipped"}
_FAILED = {"failed", "expired"}
Place = tuple[int, int]
"""The numbers of an event and a lane."""


class Found(NamedTuple):
    """Rows in order, the cursor behind them, and whether the search ended before the page was full."""

    rows: list[Row]
    next_cursor: str | None
    truncated: bool


class Search:
    """The deliveries that match the filters."""

    def __init__(self, db: Database, wanted: EventListing, lanes: Lanes) -> None:
        self._db, self._wanted, self._lanes = db, wanted, lanes
        self._oldest = wanted.order == "oldest"
        self._states = set(wanted.states or (STATES if wanted.reason is None else _WITH_REASON))
        self._pending = self._pending_lanes()
        self._low, self._high = self._span()
        self._events, self._only = _named(db, wanted.event)
        self._sources = self._choose()

    def page(self) -> Found:
        """The page that the cursor leads to."""
        wanted, limit = self._wanted, self._wanted.limit
        low, high = self._bounds()
        if low >= high or not self._sources:
            return Found([], None, False)
        window = self._window(low, high)
        rows = self._db.fetch_all(
            SQL["page"], {**self._parameters(low, high), "limit": limit, **window.bounds}
        )
        matching, cut = _complete(rows)
        found, next_cursor = LIST.page(matching, limit, wanted.order)
        if next_cursor is None:
            place = cut or window.end
            next_cursor = LIST.cursor_of(place, wanted.order) if place else None
            return Found(found, next_cursor, next_cursor is not None and len(found) < limit)
        return Found(found, next_cursor, False)

    def count(self, seen: int) -> Total:
        """How many match, as far as indexes tell it; else that it is at least as many as were `seen`."""
        wanted, ended = self._wanted, self._states & _ENDED
        looking = (wanted.event_types, wanted.reason, wanted.begin, wanted.end, self._events)
        if any(each is not None for each in looking) or not (ended <= _FAILED or ended == _ENDED):
            return Total(seen, at_least=True)
        if ended == _ENDED and wanted.stream is None:
            return (
                self._counted("deliveries")
                if self._takes_all_pending
                else Total(seen, at_least=True)
            )
        found = [self._waiting]
        if ended == _ENDED:
            found.append(self._counted("ended", lane=wanted.stream))
        elif ended:
            status = None if ended == _FAILED else min(ended)
            found.append(self._counted("failed", lanes=self._failed_lanes, status=status))
        total = sum(each.total for each in found)
        is_more = total > COUNTED or any(each.at_least for each in found)
        return Total(min(total, COUNTED), is_more)

    def _counted(self, name: str, **wanted: Any) -> Total:
        (row,) = self._db.fetch_all(SQL[name], {**wanted, "most": COUNTED})
        return Total(min(row["found"], COUNTED), row["found"] > COUNTED)

    @cached_property
    def _waiting(self) -> Total:
        """How much waits in the lanes in which it matches."""
        return self._counted("pending", lanes=self._pending) if self._pending else Total(0, False)

    @property
    def _takes_all_pending(self) -> bool:
        return {"waiting", "held_back"} <= self._states

    @property
    def _failed_lanes(self) -> list[int]:
        return [*self._lanes] if self._wanted.stream is None else [self._wanted.stream]

    def _pending_lanes(self) -> list[int]:
        """The lanes in which what waits can match."""
        return [
            lane.lane_id
            for lane in self._lanes.values()
            if self._wanted.stream in (None, lane.lane_id)
            and lane.state_of("pending") in self._states
            and (lane.is_open or _has(lane, self._wanted.reason))
        ]

    def _span(self) -> tuple[Place, Place]:
        """The places between which everything is that the times leave."""
        begin, end = self._wanted.begin, self._wanted.end
        if begin is None and end is None:
            return _FIRST, _END
        asked = {"from": begin or "-infinity", "to": end or "infinity"}
        (row,) = self._db.fetch_all(SQL["span"], asked, revive=True)
        if row["first"] is None or row["last"] is None:
            return _END, _FIRST
        return (row["first"], 0), (row["last"] + 1, 0)

    def _choose(self) -> set[str]:
        """The indexes in which everything is that can match."""
        if self._events is not None:
            return {"of_events"}
        wanted = set()
        if self._pending:
            wanted.add("pending" if self._is_pending_little() else "all")
        ended = self._states & _ENDED
        if "all" in wanted or not ended:
            return {"all"} if "all" in wanted else wanted
        if ended <= _FAILED:
            return {*wanted, "failed"}
        if self._wanted.stream is not None and self._has_ended_little(self._wanted.stream):
            return {*wanted, "ended"}
        if "delivered" in ended:
            return {"all"}
        return {*wanted, "not_delivered"}

    def _is_pending_little(self) -> bool:
        return self._waiting.total <= READ_WHOLE and not self._waiting.at_least

    def _has_ended_little(self, lane: int) -> bool:
        (row,) = self._db.fetch_all(SQL["ended"], {"lane": lane, "most": ENDED_WHOLE})
        return int(row["found"]) <= ENDED_WHOLE

    def _bounds(self) -> tuple[Place, Place]:
        after = LIST.after(self._wanted.cursor, self._wanted.order)
        if after["event"] is None:
            return self._low, self._high
        place = (after["event"], after["lane_id"])
        if self._oldest:
            return max(place, self._low), self._high
        return self._low, min(place, self._high)

    def _window(self, low: Place, high: Place) -> _Window:
        """Where the search for one lane ends that goes through all deliveries."""
        if self._wanted.stream is None or not self._sources & {"all", "not_delivered"}:
            return _Window({}, None)
        asked = {"low": low[0], "high": high[0], "oldest": self._oldest, "events": WINDOW}
        row = self._db.fetch_one(SQL["window"], asked, revive=True)
        if row is None:
            return _Window({}, None)
        end = {"event": row["id"], "lane_id": 0}
        side = "high" if self._oldest else "low"
        return _Window({f"{side}_event": row["id"], f"{side}_lane": 0}, end)

    def _parameters(self, low: Place, high: Place) -> dict[str, Any]:
        wanted, reason = self._wanted, self._wanted.reason
        closed = [lane for lane in self._lanes.values() if not lane.is_open]
        return {
            **{source: source in self._sources for source in SOURCES},
            "low_event": low[0],
            "low_lane": low[1],
            "high_event": high[0],
            "high_lane": high[1],
            "lane": wanted.stream,
            "only": self._only,
            "lanes": self._failed_lanes,
            "share": max(wanted.limit + 1, LOOKED_AT // max(len(self._failed_lanes), 1)),
            "events": self._events or [],
            "pending_lanes": self._pending,
            "closed_lanes": [lane.lane_id for lane in closed],
            "reason_lanes": [lane.lane_id for lane in closed if _has(lane, reason)],
            "statuses": sorted({_STATUS.get(state, state) for state in self._states}),
            "event_types": wanted.event_types,
            "reason": None if reason is None else "%" + _SPECIAL.sub(r"\\\g<0>", reason) + "%",
            "from": wanted.begin,
            "to": wanted.end,
            "oldest": self._oldest,
            "whole": READ_WHOLE + 1,
            "most": LOOKED_AT,
        }


class _Window(NamedTuple):
    """A bound of the search in place of the span's, and the place where it ends; none if not needed."""

    bounds: Mapping[str, int]
    end: Row | None


_STATUS = {"waiting": "pending", "held_back": "pending"}
_WITH_REASON = tuple(state for state in STATES if state != "delivered")
"""What is delivered has no reason."""


def page_of(db: Database, wanted: EventListing) -> dict[str, Any]:
    """A page of events at their destinations; the first one has the count of all."""
    lanes = read_lanes(db)
    search = Search(db, wanted, lanes)
    found, counted = search.page(), NOT_COUNTED
    if wanted.cursor is None:
        seen = len(found.rows)
        known = Total(seen, at_least=False) if found.next_cursor is None else search.count(seen)
        counted = known._asdict()
    return {
        "events": [shown(row, lanes) for row in found.rows],
        "next_cursor": found.next_cursor,
        **counted,
        "truncated": found.truncated,
    }


def shown(row: Row, lanes: Lanes) -> dict[str, Any]:
    """An event at a destination, as lists show it."""
    lane = lane_of(lanes, row["lane_id"])
    return {
        "event_id": f"{row['event']}-{row['lane_id']}",
        "stream": str(row["lane_id"]),
        "stream_name": lane.name,
        "sequence": None,
        "event_type": row["event_type"],
        "state": lane.state_of(row["status"]),
        "reason": lane.reason_of(row["status"], row["reason"]),
        "created_at": row["created_at"],
        "lag_ms": row["lag_ms"],
        "try_count": row["attempt_count"],
        "own_id": row["own_id"],
    }


def numbers_in(text: str) -> tuple[int | None, int | None]:
    """The numbers of an event and a lane that a text may be: `4711`, or `4711-12`."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None, None
    return int(match[1]), int(match[2]) if match[2] else None


def _complete(rows: Sequence[Row]) -> tuple[list[Row], Row | None]:
    """The matching rows up to the first at which a search ended, and that one."""
    matching: list[Row] = []
    for row in rows:
        if row["matches"]:
            matching.append(row)
        if row["is_cut"]:
            return matching, row
    return matching, None


def _named(db: Database, text: str | None) -> tuple[list[int] | None, int | None]:
    """The events that a text names, and the lane, if it names one; None if there is no text."""
    if text is None:
        return None, None
    number, lane = numbers_in(text.strip())
    asked = {"text": text.strip(), "number": number, "most": NAMED}
    return [row["id"] for row in db.fetch_all(SQL["named"], asked, revive=True)], lane


def _has(lane: Lane, reason: str | None) -> bool:
    return reason is None or reason.lower() in (lane.held_because or "").lower()
