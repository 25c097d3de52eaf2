"""What happened in each minute of the last hour, as far as it can be counted within a bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.appevents.console.streams import (
    OUTCOMES,
    answering,
    event_types,
    outcome_types,
    stream_of,
)
from chalicelib.appevents.events.catalogue import REJECTED
from fintegrate.console.kept import Kept
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MINUTE = timedelta(minutes=1)
HOUR = 60
MOST = 30_000
"""So many rows of a kind are counted at a time. Minutes that hold earlier ones are unknown."""
MOST_LAGS = 5_000
KINDS = ("committed", "processed", "failed")


class Counted(NamedTuple):
    """How many events of a stream a kind had in a minute, and in the last 60 seconds."""

    kind: str
    stream: str
    minute: datetime
    events: int
    recent: int


class Flow(NamedTuple):
    """What happened. Minutes before `known_from` were not counted to their end."""

    known_from: datetime
    counts: Sequence[Counted]

    def points(self, now: datetime, stream: str | None) -> list[dict[str, Any]]:
        """What happened in each minute, of one stream or of all; None where nobody has counted.

        A refusal says which event was refused, and not by which stream.
        """
        found = self._sums(stream)
        points = [
            {"at": minute, **{kind: found.get((kind, minute), 0) for kind in KINDS}}
            if minute >= self.known_from
            else {"at": minute, **dict.fromkeys(KINDS)}
            for minute in minutes(now)
        ]
        return [{**each, "failed": None} for each in points] if stream else points

    def spark(self, now: datetime, stream: str) -> list[int | None]:
        """How many outcomes a stream has told in each minute; the one of outcomes has written all."""
        found = self._sums(None if stream == OUTCOMES else stream)
        told = KINDS[1:] if stream == OUTCOMES else KINDS[1:2]
        return [
            sum(found.get((kind, minute), 0) for kind in told)
            if minute >= self.known_from
            else None
            for minute in minutes(now)
        ]

    def last_minute(self, kind: str, stream: str | None) -> int:
        """How many a kind had in the last 60 seconds."""
        wanted = (each for each in self.counts if each.kind == kind)
        return sum(each.recent for each in wanted if stream in (None, each.stream))

    def _sums(self, stream: str | None) -> dict[tuple[str, datetime], int]:
        found: dict[tuple[str, datetime], int] = {}
        for each in self.counts:
            if stream in (None, each.stream):
                key = each.kind, each.minute
                found[key] = found.get(key, 0) + each.events
        return found


OVER: Kept[Flow] = Kept(30.0)
"""The counts of minutes that are over."""


def minutes(now: datetime) -> list[datetime]:
    """The minutes of the last hour, this one included."""
    this = now.replace(second=0, microsecond=0)
    return [this - MINUTE * back for back in range(HOUR - 1, -1, -1)]


def read_flow(db: Database, now: datetime) -> Flow:
    """Count the last hour. What ended a minute ago is read again each half minute only."""
    first, recent = minutes(now)[0], minutes(now)[-2]
    over = OVER.get((db, recent), lambda: _count(db, first, recent, now))
    live = _count(db, recent, now + MINUTE, now)
    if live.known_from > recent:
        return live
    return Flow(over.known_from, [*over.counts, *live.counts])


def read_lags(db: Database, now: datetime) -> dict[str, int]:
    """Milliseconds from acceptance to outcome, which 95 of 100 events do not exceed, by stream."""
    types = event_types()
    wanted = {
        "at": now,
        "types": list(types),
        "streams": [stream_of(each) for each in types],
        "most_lags": MOST_LAGS,
    }
    return {row["stream"]: row["lag_p95_ms"] for row in db.fetch_all(SQL["lag"], wanted)}


def _count(db: Database, begin_at: datetime, end_at: datetime, now: datetime) -> Flow:
    span = {"begin_at": begin_at, "end_at": end_at, "recent": now - MINUTE, "most": MOST}
    committed, settled = (db.fetch_all(SQL[name], span) for name in ("committed", "settled"))
    known_from = max(_known_from(begin_at, rows) for rows in (committed, settled))
    return Flow(known_from, [*_committed(committed), *_settled(settled)])


def _known_from(begin_at: datetime, rows: Sequence[Row]) -> datetime:
    """The minute of the earliest row was not read to its beginning, if there were too many."""
    if sum(row["seen"] for row in rows) < MOST:
        return begin_at
    earliest: datetime = min(row["minute"] for row in rows)
    return earliest + MINUTE


def _committed(rows: Iterable[Row]) -> Iterable[Counted]:
    for row in rows:
        stream = stream_of(row["event_type"])
        yield Counted("committed", stream, row["minute"], row["events"], row["recent"])


def _settled(rows: Iterable[Row]) -> Iterable[Counted]:
    for row in rows:
        kind = row["event_type"]
        if kind in outcome_types():
            name = "failed" if kind == REJECTED else "processed"
            yield Counted(name, answering(kind), row["minute"], row["events"], row["recent"])
