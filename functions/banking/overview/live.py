"""Counts live what happened to streams since the schedule has counted last.

A process counts each few seconds once, after they are over, so that a poll counts the newest ones only.
Leaves the counted past to `history`, and the counting to `minutes`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.banking.overview import minutes
from chalicelib.banking.overview.minutes import MINUTE
from fintegrate.console.flows import Flows, by_minute
from fintegrate.console.kept import Kept
from fintegrate.database import Database, Row

LONGEST = 4 * MINUTE
"""How far back is counted before the newest two minutes at most, if the schedule has not done so."""
STRETCH = timedelta(seconds=10)
"""What is counted once."""
SETTLED = timedelta(seconds=10)
"""How long ago a stretch has ended when it is counted for good: few transactions are still open."""


class Live(NamedTuple):
    """What happened since `begin_at`.

    Attributes:
        by_minute: of each stream, and of all in scope together
        by_stretch: of all in scope together, how much of a kind
    """

    begin_at: datetime
    by_minute: Flows
    by_stretch: Mapping[tuple[datetime, str], int]


class _Counts(NamedTuple):
    """The counts from `begin_at` until `until`: of each stream by minute, and of all by stretch."""

    begin_at: datetime
    until: datetime
    minutes: Sequence[Row] = ()
    stretches: Mapping[tuple[datetime, str], int] = {}

    def since(self, begin_at: datetime) -> _Counts:
        """Without what is older. It is nothing where there is a gap between both."""
        if not self.begin_at <= begin_at <= self.until:
            return _Counts(begin_at, begin_at)
        minutes = [row for row in self.minutes if row["at"] >= begin_at]
        stretches = {key: events for key, events in self.stretches.items() if key[0] >= begin_at}
        return _Counts(begin_at, self.until, minutes, stretches)

    def plus(self, counts: Sequence[Row], until: datetime) -> _Counts:
        """With the counts of the stretches until then."""
        stretches, sums = Counter(self.stretches), Counter[tuple[Any, ...]]()
        for row in counts:
            stretches[row["at"], row["what"]] += row["events"]
        for row in (*self.minutes, *counts):
            minute = row["at"].replace(second=0)
            sums[row["consumer_id"], row["what"], minute, row["bucket"]] += row["events"]
        names = "consumer_id", "what", "at", "bucket", "events"
        minutes = [dict(zip(names, (*key, n), strict=True)) for key, n in sums.items()]
        return _Counts(self.begin_at, until, minutes, stretches)


class Counting:
    """Counts the streams of a scope, all or one, and each stretch once."""

    def __init__(self, database: Database, consumer_id: str | None, begin_at: datetime) -> None:
        self._database, self._consumer_id = database, consumer_id
        self._alone = threading.Lock()
        self._settled = _Counts(begin_at, begin_at)

    def read(self, begin_at: datetime, now: datetime) -> Live:
        """What happened from the beginning of a minute until now."""
        with self._alone:
            known = self._settled.since(begin_at)
            found = _count(self._database, self._consumer_id, known.until, now + MINUTE)
            until = max(known.until, _down(now - SETTLED))
            self._settled = known.plus([row for row in found if row["at"] < until], until)
            every = self._settled.plus([row for row in found if row["at"] >= until], now)
        return Live(begin_at, by_minute(every.minutes), every.stretches)


COUNTINGS: Kept[Counting] = Kept(60.0)
"""Everything is counted anew each minute, for transactions that were open for long."""


def read(
    database: Database, consumer_id: str | None, counted_until: datetime | None, now: datetime
) -> Live:
    """Count what the schedule has not counted, and the last two minutes at least."""
    recent = now.replace(second=0, microsecond=0) - MINUTE
    earliest = recent - LONGEST
    begin_at = min(max(counted_until or earliest, earliest), recent)
    key = database, consumer_id
    counting = COUNTINGS.get(key, lambda: Counting(database, consumer_id, begin_at))
    return counting.read(begin_at, now)


def read_last_minute(
    database: Database, consumer_id: str | None, live: Live, now: datetime
) -> Mapping[str, int]:
    """How much of each kind happened in the last 60 seconds, to all streams in scope together.

    The stretch in which they begin is counted from there.
    """
    begin_at = now - MINUTE
    whole_from = _down(begin_at) + STRETCH
    happened = Counter[str]()
    for row in _count(database, consumer_id, begin_at, whole_from):
        happened[row["what"]] += row["events"]
    for (at, kind), events in live.by_stretch.items():
        if at >= whole_from:
            happened[kind] += events
    return happened


def _count(
    database: Database, consumer_id: str | None, begin_at: datetime, end_at: datetime
) -> list[Row]:
    span = {"begin_at": begin_at, "end_at": end_at}
    return minutes.count(database, span, consumer_id, stretch=STRETCH, with_lag=False)


def _down(moment: datetime) -> datetime:
    """The beginning of its stretch."""
    seconds = moment.second % STRETCH.seconds
    return moment.replace(second=moment.second - seconds, microsecond=0)
