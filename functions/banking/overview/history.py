"""Reads the history of streams: what was counted, and live what is not counted yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.banking.overview import minutes
from fintegrate.console.flows import EVERYTHING, Flows, by_minute
from fintegrate.console.kept import Kept
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MINUTE = timedelta(minutes=1)
LIVE = 4 * MINUTE
"""How far back is counted live at most, if the schedule has not done so."""
OVER: Kept[list[Row]] = Kept(30.0)
"""The counts of minutes that are over and not counted by the schedule yet."""


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
    database: Database, consumer_id: str | None, past: datetime | None, now: datetime
) -> Live:
    """Count what is not counted yet; `past` is until when minutes are counted.

    What ended a minute ago is read again each half minute only: few transactions are still open.
    """
    recent = now.replace(second=0, microsecond=0) - MINUTE
    earliest = recent - LIVE
    begin_at = min(max(past or earliest, earliest), recent)
    over = OVER.get(
        (database, consumer_id, begin_at, recent),
        lambda: _counts(database, consumer_id, begin_at, recent, now),
    )
    current = _counts(database, consumer_id, recent, now + MINUTE, now)
    last = [{**count, "minute": now} for count in current if count["recent"]]
    return Live(begin_at, by_minute([*over, *current]), by_minute(last))


def _counts(
    database: Database, consumer_id: str | None, begin_at: datetime, end_at: datetime, now: datetime
) -> list[Row]:
    if begin_at >= end_at:
        return []
    span = {"begin_at": begin_at, "end_at": end_at}
    return minutes.count(database, span, consumer_id, recent=now - MINUTE, with_lag=False)
