"""Reads the history of streams: what the schedule has counted. Leaves to `live` what it has not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.banking.overview.minutes import MINUTE
from fintegrate.console.flows import EVERYTHING
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
HOUR = 3_600


class History(NamedTuple):
    """What does not change from second to second: the counted past, and the last ledger."""

    counted_until: datetime | None
    minutes: list[Row]
    """The last hour of the streams in scope together."""
    streams: Mapping[str, Row]
    ledger: Row | None


def stream_of(consumer_id: str | None) -> str:
    """The stream of a scope: the admin's is all together."""
    return consumer_id or EVERYTHING


def read(database: Database, consumer_id: str | None, newest: Row) -> History:
    """The history of the last hour, and what the rows of streams show of it."""
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
    """Until when minutes are counted (`counted_until`), when the ledger was, and the time."""
    return database.fetch_all(SQL["newest"], {"everything": EVERYTHING}, revive=True)[0]


def read_minutes(database: Database, stream: str, span: Mapping[str, Any]) -> list[Row]:
    """The minutes of a stream that are written down, the oldest first."""
    return database.fetch_all(SQL["minutes"], {"consumer_id": stream, **span})


def read_points(
    database: Database, stream: str, step: int, begin_at: datetime, end_at: datetime
) -> list[Row]:
    """A point of the series for each minute or hour of a span, whether it is written down or not."""
    statement = SQL["points_of_hours" if step == HOUR else "points_of_minutes"]
    span = {"begin_at": begin_at, "end_at": end_at}
    return database.fetch_all(statement, {"consumer_id": stream, **span})
