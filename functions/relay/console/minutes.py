"""What happened in each minute of the last hour: events accepted, deliveries that arrived or failed.

Counted from the tables by their indexes of time, each minute once in a process: what ended a while ago
does not change, but for what a replay has made due since. A first look that meets more rows than its
bound knows the newest minutes, and of the others that it does not know them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from fintegrate.console.kept import Kept
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MINUTE = timedelta(minutes=1)
MOST = 200_000
"""So many rows are looked at, the lanes' shares together, and as many events."""
LEAST_SHARE = 1_000
SAMPLE = 100
"""The lag of a lane is that of its newest so many deliveries."""
LAGS: Kept[Mapping[int, int]] = Kept(10.0)
EVERYTHING = 0
"""In place of a lane: all events that were accepted."""


class Flow(NamedTuple):
    """What happened in a minute; None if there was too much to count."""

    committed: int | None = 0
    processed: int | None = 0
    failed: int | None = 0


NOTHING = Flow()
UNKNOWN = Flow(None, None, None)
Flows = Mapping[int, Mapping[datetime, Flow]]
"""By lane and minute; a minute without a flow had nothing."""


class LastHour(NamedTuple):
    """The last hour's minutes, the present one last, and apart from them the last 60 seconds."""

    minutes: Sequence[datetime]
    flows: Flows
    last_minute: Mapping[int, Flow]

    def of_lane(self, lane: int) -> list[int | None]:
        """How many arrived in each minute."""
        flows = self.flows.get(lane, {})
        return [flows.get(minute, NOTHING).processed for minute in self.minutes]

    def of_all(self, lanes: Sequence[int]) -> list[Flow]:
        """What happened in each minute in some lanes together, with what was accepted for all."""
        of_minutes: dict[datetime, list[Flow]] = {minute: [] for minute in self.minutes}
        for lane in lanes:
            for minute, flow in self.flows.get(lane, {}).items():
                of_minutes[minute].append(flow)
        accepted = self.flows.get(EVERYTHING, {})
        return [
            _together(accepted.get(minute, NOTHING).committed, each)
            for minute, each in of_minutes.items()
        ]

    def recent(self, lanes: Sequence[int]) -> Flow:
        """The same of the last 60 seconds."""
        each = [self.last_minute.get(lane, NOTHING) for lane in lanes]
        return _together(self.last_minute.get(EVERYTHING, NOTHING).committed, each)


class Counting:
    """Counts the minutes of some lanes of a database, each once when it is over."""

    def __init__(self, db: Database, lanes: Sequence[int]) -> None:
        self._db, self._lanes = db, lanes
        self._alone = threading.Lock()
        self._counted: dict[datetime, dict[int, Flow]] = {}

    def read(self, now: datetime) -> LastHour:
        """The last hour up to now."""
        this = now.replace(second=0, microsecond=0)
        hour = [this - MINUTE * back for back in range(59, -1, -1)]
        with self._alone:
            missing = [minute for minute in hour if minute not in self._counted]
            rows = self._rows(missing[0], now)
            found = _by_minute(rows, missing)
            for minute in missing[:-2]:  # a transaction of the newest two may still be open
                self._counted[minute] = found[minute]
            for old in [each for each in self._counted if each < hour[0]]:
                del self._counted[old]
            known = {**found, **self._counted}
            by_minute = {minute: known[minute] for minute in hour}
        recent = {row["lane_id"]: _recent(row) for row in rows if row["minute"] is None}
        return LastHour(hour, _by_lane(by_minute), recent)

    def _rows(self, begin: datetime, now: datetime) -> list[Row]:
        share = max(LEAST_SHARE, MOST // max(len(self._lanes), 1))
        span = {"begin_at": begin, "end_at": now + MINUTE, "recent": now - MINUTE}
        wanted = {**span, "lanes": list(self._lanes), "share": share, "most": MOST}
        return self._db.fetch_all(SQL["count"], wanted, revive=True)


COUNTINGS: Kept[Counting] = Kept(86_400.0)


def read_last_hour(db: Database, lanes: Sequence[int], now: datetime) -> LastHour:
    """What happened in the last hour, counted by this process."""
    counting = COUNTINGS.get((db, tuple(lanes)), lambda: Counting(db, lanes))
    return counting.read(now)


def read_lags(db: Database, lanes: Sequence[int]) -> Mapping[int, int]:
    """The milliseconds that 95 of 100 of a lane's newest deliveries did not exceed, by lane."""
    return LAGS.get((db, tuple(lanes)), lambda: _lags(db, lanes))


def _lags(db: Database, lanes: Sequence[int]) -> Mapping[int, int]:
    rows = db.fetch_all(SQL["lags"], {"lanes": list(lanes), "sample": SAMPLE}, revive=True)
    return {row["lane_id"]: row["lag_p95_ms"] for row in rows if row["lag_p95_ms"] is not None}


def _together(committed: int | None, each: Sequence[Flow]) -> Flow:
    if any(flow.processed is None for flow in each):
        return Flow(committed, None, None)
    return Flow(
        committed,
        sum(flow.processed or 0 for flow in each),
        sum(flow.failed or 0 for flow in each),
    )


def _by_minute(rows: Sequence[Row], minutes: Sequence[datetime]) -> dict[datetime, dict[int, Flow]]:
    """The flows of some minutes. Where a bound was met, what is older is unknown."""
    known_from = {
        row["lane_id"]: row["minute"] for row in rows if row["is_cut"] and row["minute"] is not None
    }
    found: dict[datetime, dict[int, Flow]] = {
        minute: {lane: UNKNOWN for lane, begin in known_from.items() if minute <= begin}
        for minute in minutes
    }
    for row in rows:
        minute = row["minute"]
        if minute in found and row["lane_id"] not in found[minute]:
            found[minute][row["lane_id"]] = _flow(row)
    return found


def _by_lane(by_minute: Mapping[datetime, Mapping[int, Flow]]) -> Flows:
    lanes: dict[int, dict[datetime, Flow]] = {}
    for minute, flows in by_minute.items():
        for lane, flow in flows.items():
            lanes.setdefault(lane, {})[minute] = flow
    return lanes


def _flow(row: Row) -> Flow:
    return Flow(row["committed"], row["processed"], row["failed"])


def _recent(row: Row) -> Flow:
    return UNKNOWN if row["is_cut"] else _flow(row)
