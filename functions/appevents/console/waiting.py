"""Reads what waits now and what has failed, stream by stream."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.appevents.console.streams import names, stream_of
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST = 20_000
"""So many rows of a kind are counted; where there are more, it is as if there were so many."""
MOST_REJECTED = 2_000
"""Fewer, because each is looked for among the dead letters."""
_COUNTS = ("pending", "in_queue")
_SINCE = ("oldest_pending_at", "oldest_in_queue_at")


def read(db: Database) -> tuple[datetime, dict[str, Row]]:
    """The time, and what each stream has of events and dead letters."""
    wanted = {"most": MOST, "most_rejected": MOST_REJECTED, "streams": names()}
    now: datetime = db.fetch_all(SQL["now"], {}, revive=True)[0]["at"]
    found = {stream: _nothing() for stream in names()}
    for row in db.fetch_all(SQL["unsettled"], wanted):
        own = found.get(stream_of(row["event_type"]), {})
        own |= {name: own.get(name, 0) + row[name] for name in _COUNTS}
        own |= {name: earlier(own.get(name), row[name]) for name in _SINCE}
    for row in db.fetch_all(SQL["rejected"], wanted):
        own = found.get(stream_of(row["event_type"]), {})
        own["rejected"] = own.get("rejected", 0) + row["rejected"]
    for row in db.fetch_all(SQL["letters"], wanted):
        found[row.pop("stream")] |= row
    return now, found


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two moments; None is none."""
    return min((each for each in (one, other) if each is not None), default=None)


def _nothing() -> dict[str, Any]:
    return {
        **dict.fromkeys((*_COUNTS, "rejected", "dead_letters"), 0),
        **dict.fromkeys((*_SINCE, "oldest_letter_at")),
    }
