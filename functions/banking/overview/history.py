"""Reads the history of streams: what was counted, and live what is not counted yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.banking.overview import minutes
from fintegrate.console.flows import EVERYTHING, Flows, by_minute
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MINUTE = timedelta(minutes=1)
LIVE = 5 * MINUTE
"""How far back is counted live at most, if the schedule has not done so."""


class History(NamedTuple):
    """What does not change from second to second: the counted past, and the last ledger."""

    counted_until: datetime | None
    minutes: list[Row]
    """The last hour of the streams in scope together."""
    streams: Mapping[str, Row]
    ledger: Row | None


class Live(NamedTuple):
    """What happened since, by stream and minute, and apart from that in the last 60 seconds."""

    begin_at: datetime
    by_minute: Flows
    last_minute: Flows
    """The same of 60 seconds: each stream has one minute."""


def stream_of(consumer_id: str | None) -> str:
    """The stream of a scope: the admin's is all together."""
    return consumer_id or EVERYTHING


def read(database: Database, consumer_id: str | None) -> History:
    """The history of the last hour, and what the rows of streams show of it."""
    newest = read_newest(database)
    wanted = {"consumer_id": consumer_id, "everything": EVERYTHING, "at": newest["at"]}
    span = {"begin_at": newest["at"] - 60 * MINUTE, "end_at": newest["at"]}
    ledger = database.fetch_one(SQL["ledger"], {"consumer_id": consumer_id})
    streams = database.fetch_all(SQL["streams"], wanted)
    return History(
        newest["counted_until"],
        read_minutes(database, stream_of(consumer_id), span),
        {str(row["consumer_id"]): row for row in streams},
        ledger,
    )


def read_newest(database: Database) -> Row:
    """Until when minutes are counted (`counted_until`), and the time."""
    return database.fetch_all(SQL["newest"], {"everything": EVERYTHING}, revive=True)[0]


def read_minutes(database: Database, stream: str, span: Mapping[str, Any]) -> list[Row]:
    """The minutes of a stream that are written down, the oldest first."""
    return database.fetch_all(SQL["minutes"], {"consumer_id": stream, **span})


def read_hours(database: Database, stream: str, span: Mapping[str, Any]) -> list[Row]:
    """The same by the hour; the time is called `minute`, too."""
    return database.fetch_all(SQL["hours"], {"consumer_id": stream, **span})


def read_live(
    database: Database,
    consumer_id: str | None,
    counted_until: datetime | None,
    now: datetime,
    *,
    with_lag: bool = False,
) -> Live:
    """Count what is not counted yet."""
    earliest = now.replace(second=0, microsecond=0) - LIVE
    begin_at = max(counted_until or earliest, earliest)
    span = {"begin_at": begin_at, "end_at": now + MINUTE}
    counts = minutes.count(database, span, consumer_id, recent=now - MINUTE, with_lag=with_lag)
    recent = [{**count, "minute": now} for count in counts if count["recent"]]
    return Live(begin_at, by_minute(counts), by_minute(recent))
