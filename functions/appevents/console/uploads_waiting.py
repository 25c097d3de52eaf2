"""Reads what waits of uploads and what has failed, in the database of videos."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from chalicelib.appevents.console.history import minutes
from chalicelib.appevents.console.waiting import MOST
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST_MADE = 5_000
"""So many videos of an hour are looked at; one takes some seconds to make."""


class Uploads(NamedTuple):
    """What is known of uploads."""

    waiting: Row
    spark: list[int | None]
    lag_p95_ms: int | None


def read(db: Database, now: datetime) -> Uploads:
    """What waits, what was processed in each minute of the last hour, and how long that took."""
    hour = minutes(now)
    made = {"begin_at": hour[0], "at": now, "most": MOST_MADE}
    waiting = db.fetch_all(SQL["under_way"], {"most": MOST}, revive=True)[0]
    failed = db.fetch_all(SQL["failed"], {"most": MOST})[0]
    processed = {row["minute"]: row["events"] for row in db.fetch_all(SQL["processed"], made)}
    lag = db.fetch_all(SQL["lag"], made)[0]["lag_p95_ms"]
    return Uploads(waiting | failed, [processed.get(minute, 0) for minute in hour], lag)
