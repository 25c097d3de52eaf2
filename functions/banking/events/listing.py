"""Lists events: which indexes a list reads, where a page ends, and how many match."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.banking.events.list_models import EventFilters, EventListing, EventRow
from fintegrate.console import csv_rows
from fintegrate.console.acts import MOST_COUNTED
from fintegrate.console.totals import UNKNOWN, Total, of_count
from fintegrate.database import Database, Row
from fintegrate.errors import Invalid
from fintegrate.http.cursors import Position, cursor_of, decode_cursor, page
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LOOKED_AT = 10_000
"""How many events a page looks at. Each tenant has its share of them."""
_STEP = 1_000
"""How many rows one statement returns."""
_PAYLOADS_LOOKED_AT = 2_000
_SECONDS = 2.0
"""How long a search in payloads goes on."""
_CSV_SECONDS = 10.0
_COLUMNS = tuple(EventRow.__annotations__)
_PAYLOAD_SPAN = timedelta(hours=24)
_NO_ID = "00000000-0000-0000-0000-000000000000"
_SPECIAL = re.compile(r"[\\%_]")
_SOURCES = (
    "all",
    "pending",
    "publish_failed",
    "undelivered",
    "delivery_failed",
    "received",
    "with_reason",
    "rare_type",
    "of_customer",
    "of_request",
)
"""Where a list's events come from: an index each."""
_OF_STATES = {
    "waiting": "pending",
    "held_back": "pending",
    "publish_failed": "publish_failed",
    "in_queue": "undelivered",
    "received": "received",
    "processed": "all",
    "delivery_failed": "delivery_failed",
    "dead_lettered": "delivery_failed",
}
_OF_PUBLISH = {
    "pending": {"pending"},
    "failed": {"publish_failed"},
    "published": {"undelivered", "delivery_failed", "received", "all"},
}
_OF_DELIVER = {
    "pending": {"pending", "publish_failed", "undelivered"},
    "failed": {"pending", "publish_failed", "delivery_failed"},
    "delivered": {"pending", "publish_failed", "received", "all"},
}
_RARE = {"customer_deletion", "consumer_created"}


class Found(NamedTuple):
    """Rows in order, the cursor behind them, and whether the search ended before the page was full."""

    rows: list[Row]
    next_cursor: str | None
    truncated: bool


class Listing:
    """The events of a scope that match the filters.

    Args:
        consumer_id: the tenant; None for all
    """

    def __init__(
        self,
        db: Database,
        filters: EventFilters,
        consumer_id: str | None,
        *,
        oldest_first: bool = False,
    ) -> None:
        self._db = db
        self._oldest_first = oldest_first
        self._low, self._high = _span(filters)
        if consumer_id is None and filters.customer_id is not None:
            consumer_id = _owner(db, str(filters.customer_id))
        self._parameters = {
            **dict.fromkeys(_SOURCES, False),
            **dict.fromkeys(sources(filters), True),
            **_conditions(filters),
            "consumer_id": consumer_id,
            "oldest": oldest_first,
        }
        most = _PAYLOADS_LOOKED_AT if filters.payload_contains else LOOKED_AT
        self._most = most // _tenants(db, consumer_id)

    def read(self, cursor: str | None, limit: int, most_bytes: int, seconds: float = 0) -> Found:
        """A page. While it is not full, the search goes on for so many seconds."""
        deadline = time.monotonic() + seconds
        rows: list[Row] = []
        while True:
            found, cursor = self._step(cursor, min(limit - len(rows), _STEP), most_bytes)
            rows += found
            if cursor is None or len(rows) >= limit or time.monotonic() >= deadline:
                return Found(rows, cursor, cursor is not None and len(rows) < limit)

    def count(self) -> Total:
        """How many match, of the first ones that are looked at."""
        span = _bounds(self._low, self._high)
        (row,) = planned(self._db, SQL["total"], {**self._parameters, **span, "most": MOST_COUNTED})
        return of_count(row)

    def _step(
        self, cursor: str | None, limit: int, most_bytes: int
    ) -> tuple[list[Row], str | None]:
        span = _bounds(self._low, self._high)
        position = decode_cursor(cursor)
        if position is not None:
            span |= _low(position) if self._oldest_first else _high(position)
        most = max(limit + 1, self._most)
        rows = planned(
            self._db, SQL["page"], {**self._parameters, **span, "limit": limit, "most": most}
        )
        matching, cut = _complete(rows)
        found, next_cursor = page(matching, limit, "created_at", "event_id", most_bytes=most_bytes)
        if next_cursor is None and cut is not None:
            next_cursor = cursor_of(cut, "created_at", "event_id")
        return found, next_cursor


def page_of(
    db: Database, listing: EventListing, consumer_id: str | None, most_bytes: int
) -> dict[str, Any]:
    """A page of events; the first one has the count of all."""
    events = Listing(db, listing, consumer_id, oldest_first=listing.order == "oldest")
    seconds = _SECONDS if listing.payload_contains else 0
    found = events.read(listing.cursor, listing.limit, most_bytes, seconds)
    counted = UNKNOWN
    if listing.total and listing.cursor is None and not listing.payload_contains:
        known = Total(len(found.rows), False)
        counted = known if found.next_cursor is None else events.count()
    return {
        "events": found.rows,
        "next_cursor": found.next_cursor,
        **counted._asdict(),
        "truncated": found.truncated,
    }


def csv_of(
    db: Database, listing: EventListing, consumer_id: str | None, most_bytes: int
) -> tuple[str, dict[str, str]]:
    """Events as CSV, and the headers of its answer."""
    events = Listing(db, listing, consumer_id, oldest_first=listing.order == "oldest")
    found = events.read(listing.cursor, csv_rows.MOST_ROWS, most_bytes, _CSV_SECONDS)
    text, count = csv_rows.csv_page(_COLUMNS, found.rows, most_bytes)
    cut = found.rows[count - 1] if count < len(found.rows) else None
    next_cursor = cursor_of(cut, "created_at", "event_id") if cut else found.next_cursor
    return text, csv_rows.headers_of("events", next_cursor)


def planned(db: Database, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
    """Run a statement that is not compiled."""
    with nullcontext() if db.in_transaction else db.transaction():
        db.execute(SQL["plan"], {})
        return db.fetch_all(sql, parameters)


def sources(filters: EventFilters) -> set[str]:
    """The indexes in which every event is that can match."""
    if filters.customer_id is not None:
        return {"of_customer"}
    if filters.request_id is not None:
        return {"of_request"}
    if filters.reason is not None:
        return {"with_reason"}
    wanted = {_OF_STATES[state] for state in filters.states or _OF_STATES}
    wanted &= _OF_PUBLISH.get(filters.publish_status or "", wanted)
    wanted &= _OF_DELIVER.get(filters.deliver_status or "", wanted)
    if "all" not in wanted:
        return wanted
    types = set(filters.event_types or ()) | ({filters.event_type} if filters.event_type else set())
    return {"rare_type"} if types and types <= _RARE else {"all"}


def _conditions(filters: EventFilters) -> dict[str, Any]:
    return {
        "customer_id": str(filters.customer_id) if filters.customer_id else None,
        "request_id": filters.request_id,
        "states": filters.states,
        "event_type": filters.event_type,
        "event_types": filters.event_types,
        "publish_status": filters.publish_status,
        "deliver_status": filters.deliver_status,
        "reason": containing(filters.reason),
        "payload": containing(filters.payload_contains),
    }


def containing(part: str | None) -> str | None:
    """The pattern of ILIKE for texts that contain this one."""
    return None if part is None else "%" + _SPECIAL.sub(r"\\\g<0>", part) + "%"


def _complete(rows: list[Row]) -> tuple[list[Row], Row | None]:
    """The matching rows up to the first at which a tenant's search ended, and that one."""
    matching: list[Row] = []
    for row in rows:
        is_cut = row.pop("is_cut")
        if row.pop("matches"):
            matching.append(row)
        if is_cut:
            return matching, row
    return matching, None


def _span(filters: EventFilters) -> tuple[datetime | None, datetime | None]:
    begin, end = filters.begin, filters.end
    if begin is not None and end is not None and begin > end:
        raise Invalid("from: must not be after `to`")
    if filters.payload_contains is not None and (
        begin is None or (end or datetime.now(UTC)) - begin > _PAYLOAD_SPAN
    ):
        raise Invalid("payload_contains: needs `from` and `to`, at most 24 hours apart")
    return begin, end


def _bounds(begin: datetime | None, end: datetime | None) -> dict[str, Any]:
    """The positions between which the events are. The first and the last id belong to no event."""
    return {
        "low_at": begin or "-infinity",
        "low_id": _NO_ID,
        "high_at": end or "infinity",
        "high_id": _NO_ID,
    }


def _low(position: Position) -> dict[str, Any]:
    return {"low_at": position.at, "low_id": position.id}


def _high(position: Position) -> dict[str, Any]:
    return {"high_at": position.at, "high_id": position.id}


def _owner(db: Database, customer_id: str) -> str:
    row = db.fetch_one(SQL["owner"], {"customer_id": customer_id, "consumer_id": None})
    return _NO_ID if row is None else str(row["consumer_id"])


def _tenants(db: Database, consumer_id: str | None) -> int:
    if consumer_id is not None:
        return 1
    row = db.fetch_one(SQL["count_tenants"], {"consumer_id": None})
    assert row is not None
    return int(row["tenants"])
