"""The history of a stream as points: kept minutes or hours, and live what is not counted yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from chalicelib.banking.overview import history
from fintegrate.console.flows import KINDS, nothing
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
HOUR = 3_600
_FIGURES = (*KINDS, *STOCKS)
_figures_of = itemgetter(*_FIGURES)
_UNKNOWN: Row = dict.fromkeys((*_FIGURES, "publish_lag", "process_lag"))


def read_series(
    database: Database, consumer_id: str | None, begin: datetime, end: datetime, step: int
) -> list[dict[str, Any]]:
    """The points from `begin`, down to a whole step, until `end`."""
    size = timedelta(seconds=step)
    begin = _down(begin, step)
    span = {"begin_at": begin, "end_at": end}
    stream = history.stream_of(consumer_id)
    newest = history.read_newest(database)
    read = history.read_hours if step == HOUR else history.read_minutes
    known = {row["minute"]: row for row in read(database, stream, span)}
    if end > newest["at"] - history.LIVE and begin <= newest["at"]:
        for at, row in _live(database, consumer_id, newest, step).items():
            known[at] = {**_UNKNOWN, **_joined(known.get(at), row)}
    steps = range(-((begin - end) // size))
    return [_point(at, known.get(at, _UNKNOWN)) for at in (begin + size * n for n in steps)]


def _live(
    database: Database, consumer_id: str | None, newest: Row, step: int
) -> Mapping[datetime, Row]:
    """By step: what happened since the last count. Only the schedule counts the lag at the bank."""
    now, stream = newest["at"], history.stream_of(consumer_id)
    live = history.read_live(database, consumer_id, newest["counted_until"], now)
    # An hour is summed up once its last minute was counted.
    span = {"begin_at": _down(live.begin_at, step), "end_at": live.begin_at}
    minutes = {row["minute"]: row for row in history.read_minutes(database, stream, span)}
    flows = live.by_minute.get(stream, {})
    for minute in _minutes(live.begin_at, now):
        minutes[minute] = {**(flows.get(minute) or nothing()), "process_lag": None}
    found: dict[datetime, Row] = {}
    for minute, row in minutes.items():
        at = _down(minute, step)
        found[at] = _joined(found.get(at), row)
    return found


def _minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin <= end:
        yield begin
        begin += history.MINUTE


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


def _point(at: datetime, row: Row) -> dict[str, Any]:
    point = {"at": at, **dict(zip(_FIGURES, _figures_of(row), strict=True))}
    point["publish_lag_p95_ms"] = percentile_ms(row["publish_lag"])
    point["process_lag_p95_ms"] = percentile_ms(row["process_lag"])
    return point


def _down(moment: datetime, step: int) -> datetime:
    seconds = moment.timestamp()
    return datetime.fromtimestamp(seconds - seconds % step, moment.tzinfo)
