"""What is new since an answer before, and the present state of events that a caller shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.banking.events.list_models import EventTailing
from chalicelib.banking.events.listing import SQL, Listing
from fintegrate.database import Database, Row

_AGAIN = timedelta(seconds=10)
"""An event is created before it is committed. No change of a customer takes longer."""
_FIRST = datetime.min.replace(tzinfo=UTC) + _AGAIN


def read(
    db: Database, tailing: EventTailing, consumer_id: str | None, most_bytes: int
) -> dict[str, Any]:
    """The new events and the watched ones."""
    (clock,) = db.fetch_all(SQL["now"], {})
    as_of: datetime = clock["as_of"]
    after = min(tailing.after or as_of, as_of)
    since = max(filter(None, (tailing.begin, max(after, _FIRST) - _AGAIN)))
    filters = tailing.model_copy(update={"begin": since})
    found = Listing(db, filters, consumer_id).read(None, tailing.limit, most_bytes)
    newest = [row["created_at"] for row in found.rows[:1]]
    return {
        "events": found.rows,
        "watched": _watched(db, tailing, consumer_id),
        "after": max([after, *newest]),
        "as_of": as_of,
        "truncated": found.next_cursor is not None,
    }


def _watched(db: Database, tailing: EventTailing, consumer_id: str | None) -> list[Row]:
    if not tailing.watch:
        return []
    ids = [str(event_id) for event_id in tailing.watch]
    return db.fetch_all(SQL["watched"], {"event_ids": ids, "consumer_id": consumer_id})
