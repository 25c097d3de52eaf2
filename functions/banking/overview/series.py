"""The history of a stream as points: kept minutes or hours, and live what is not counted yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from chalicelib.banking.overview import history, live
from chalicelib.banking.overview.minutes import MINUTE
from fintegrate.console.flows import KINDS, LAGS, nothing
from fintegrate.console.lag import added, percentile_ms
from fintegrate.database import Database, Row

STOCKS = (
    "pending",
    "held_back",
    "undelivered",
    "oldest_pending_seconds",
    "oldest_undelivered_seconds",
    "queue_depth",
    "readers",
)


def read_series(
    database: Database, consumer_id: str | None, begin: datetime, end: datetime, step: int
) -> list[Row]:
    """The points from `begin`, down to a whole step, until `end`."""
    size = timedelta(seconds=step)
    begin = _down(begin, step)
    newest = history.read_newest(database)
    points = history.read_points(database, history.stream_of(consumer_id), step, begin, end)
    if end > newest["at"] - live.LONGEST and begin <= newest["at"]:
        for at, row in _live(database, consumer_id, newest, step).items():
            number = (at - begin) // size
            if 0 <= number < len(points):
                points[number] = _completed(points[number], row)
    return points


def _live(
    database: Database, consumer_id: str | None, newest: Row, step: int
) -> Mapping[datetime, Row]:
    """By step: what happened since the last count. Only the schedule counts the lag at the bank."""
    now, stream = newest["at"], history.stream_of(consumer_id)
    fresh = live.read(database, consumer_id, newest["counted_until"], now)
    # An hour is summed up once its last minute was counted.
    span = {"begin_at": _down(fresh.begin_at, step), "end_at": fresh.begin_at}
    minutes = {row["minute"]: row for row in history.read_minutes(database, stream, span)}
    flows = fresh.by_minute.get(stream, {})
    for minute in _minutes(fresh.begin_at, now):
        minutes[minute] = {**(flows.get(minute) or nothing()), "process_lag": None}
    found: dict[datetime, Row] = {}
    for minute, row in minutes.items():
        at = _down(minute, step)
        found[at] = _joined(found.get(at), row)
    return found


def _minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin <= end:
        yield begin
        begin += MINUTE


def _joined(one: Row | None, other: Row) -> Row:
    """Two parts of a step: sums of what happened, the most of what waited, the fewest readers."""
    if one is None:
        return dict(other)
    joined = dict(one)
    for name, value in other.items():
        before = one.get(name)
        if before is None or value is None:
            joined[name] = before if value is None else value
        elif name in KINDS:
            joined[name] = before + value
        elif name.endswith("_lag"):
            joined[name] = added([before, value])
        elif name in STOCKS:
            joined[name] = min(before, value) if name == "readers" else max(before, value)
    return joined


def _completed(point: Row, row: Row) -> Row:
    """A point with what the schedule has not counted."""
    joined = _joined(point, row)
    lags = {f"{lag}_p95_ms": percentile_ms(row[lag]) for lag in LAGS.values() if row[lag]}
    return {name: joined[name] for name in point} | lags


def _down(moment: datetime, step: int) -> datetime:
    seconds = moment.timestamp()
    return datetime.fromtimestamp(seconds - seconds % step, moment.tzinfo)
