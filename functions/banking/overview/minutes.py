"""Writes the history of streams: what happened in each minute, and what waits at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from chalicelib.banking.overview import waiting
from fintegrate.console.flows import EVERYTHING, Flows, by_minute
from fintegrate.console.lag import BUCKETS
from fintegrate.database import Database, Row
from fintegrate.http.envelope import dumps
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MINUTE_DAYS = 8
HOUR_DAYS = 400
MINUTE = timedelta(minutes=1)
AT_ONCE = 10 * MINUTE
"""So much is counted by one statement."""
WORK_SECONDS = 40
ALL_ROWS = 100_000_000
"""Once a minute everything is counted, however much waits."""


def write_minutes(database: Database, now: datetime | None = None) -> dict[str, Any]:
    """Count the minutes that are over, and look at what waits. Each hour what is too old is deleted.

    Returns the number of minutes that were counted. To count a minute again changes nothing, so
    overlapping runs are harmless. `now` is for tests.
    """
    kept = {"everything": EVERYTHING, "days": MINUTE_DAYS, "hour_days": HOUR_DAYS}
    span = database.fetch_all(SQL["range"], {**kept, "now": now}, revive=True)[0]
    own = {**kept, **span}
    observed = waiting.totalled(waiting.read(database, None, most=ALL_ROWS))
    database.execute(SQL["observe"], {**own, "rows": dumps(observed)})
    begun, begin_at, end_at = time.monotonic(), span["begin_at"], span["end_at"]
    counted = 0
    while begin_at < end_at and time.monotonic() - begun < WORK_SECONDS:
        until = min(begin_at + AT_ONCE, end_at)
        _write(database, {**own, "begin_at": begin_at, "end_at": until})
        counted += (until - begin_at) // MINUTE
        begin_at = until
    return {"counted": counted, "until": begin_at.isoformat()}


def count(
    database: Database,
    span: Row,
    consumer_id: str | None,
    *,
    stretch: timedelta = MINUTE,
    with_lag: bool = True,
) -> list[Row]:
    """What happened between `begin_at` and `end_at` of `span`, by stretch, for `by_minute`.

    A stretch is a minute or a whole part of it. Without `with_lag` the lag until an event was processed
    is not looked up.
    """
    wanted = {
        "begin_at": span["begin_at"],
        "end_at": span["end_at"],
        "consumer_id": consumer_id,
        "stretch": stretch,
        "bounds": list(BUCKETS[:-1]),
        "with_lag": with_lag,
    }
    return database.fetch_all(SQL["count"], wanted)


def _write(database: Database, own: Row) -> None:
    happened = by_minute(count(database, own, None))
    rows = dumps(list(_rows(happened)))
    with database.transaction():
        database.execute(SQL["keep"], {**own, "rows": rows})
        if _hour(own["begin_at"]) != _hour(own["end_at"]):
            database.execute(SQL["sum_hours"], own)
            database.execute(SQL["forget_minutes"], own)
            database.execute(SQL["forget_hours"], own)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0)


def _rows(happened: Flows) -> Iterator[Row]:
    for stream, minutes in happened.items():
        for minute, row in minutes.items():
            yield {"consumer_id": stream, "minute": minute, **row}
