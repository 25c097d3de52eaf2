"""Lists events: where a page ends, how many match, and CSV."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from chalicelib.banking.events.list_filters import (
    NO_CONDITIONS,
    SOURCES,
    apart,
    conditions_of,
    sources,
)
from chalicelib.banking.events.list_models import EventFilters, EventListing, EventRow
from fintegrate.console import csv_rows
from fintegrate.console.acts import MOST_COUNTED
from fintegrate.console.totals import NOT_COUNTED, Total, of_count
from fintegrate.database import Database, Row
from fintegrate.errors import Invalid
from fintegrate.http.cursors import Position, cursor_of, decode_cursor, page
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LOOKED_AT = 10_000
"""How many events a page looks at. Each tenant has its share of them."""
RECEIVED_LOOKED_AT = 3_000
"""Of what was received fewer, because each is read twice: its receipt, and the event."""
COUNTED_ROWS = 15_000
"""How many events a count looks at, where an index alone does not tell what matches."""
_STEP = 1_000
"""How many rows one statement returns."""
_PAYLOADS_LOOKED_AT = 2_000
_SECONDS = 2.0
"""How long a search in payloads goes on."""
_CSV_SECONDS = 10.0
_COLUMNS = tuple(EventRow.__annotations__)
_PAYLOAD_SPAN = timedelta(hours=24)
_NO_ID = "00000000-0000-0000-0000-000000000000"


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
        self._sources = sources(filters)
        self._apart = apart(filters)
        self._parameters = {
            **dict.fromkeys(SOURCES, False),
            **dict.fromkeys(self._sources, True),
            **conditions_of(filters),
            "consumer_id": consumer_id,
            "oldest": oldest_first,
        }
        most = _PAYLOADS_LOOKED_AT if filters.payload_contains else LOOKED_AT
        if "received" in self._sources:
            most = min(most, RECEIVED_LOOKED_AT)
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
        """How many match, of the first ones that are looked at.

        Where the filters take or leave whole groups, only their indexes are read. What is processed is
        in no other group.
        """
        if self._apart is None:
            return self._counted(self._sources)
        if "all" not in self._sources:
            return _sum(list(self._sizes(self._sources)))
        rest = 0
        for size in self._sizes(self._apart):
            if size.at_least:
                return self._counted(self._sources)
            rest += size.total
        whole = self._counted({"all"}, MOST_COUNTED, NO_CONDITIONS)
        return Total(max(0, whole.total - rest), whole.at_least)

    def _sizes(self, wanted: set[str]) -> Iterator[Total]:
        """How many are in these indexes. What was received is read, so fewer of it are counted."""
        if "received" in wanted:
            yield self._counted({"received"}, RECEIVED_LOOKED_AT, NO_CONDITIONS)
        if plain := wanted - {"received"}:
            yield self._counted(plain, MOST_COUNTED, NO_CONDITIONS)

    def _counted(
        self,
        taken: set[str],
        most: int = COUNTED_ROWS,
        conditions: Mapping[str, None] = MappingProxyType({}),
    ) -> Total:
        read = dict.fromkeys(SOURCES, False) | dict.fromkeys(taken, True)
        asked = {**self._parameters, **read, **conditions, **_bounds(self._low, self._high)}
        (row,) = self._db.fetch_all(SQL["total"], {**asked, "most": most})
        return of_count(row, most)

    def _step(
        self, cursor: str | None, limit: int, most_bytes: int
    ) -> tuple[list[Row], str | None]:
        span = _bounds(self._low, self._high)
        position = decode_cursor(cursor)
        if position is not None:
            span |= _low(position) if self._oldest_first else _high(position)
        most = max(limit + 1, self._most)
        rows = self._db.fetch_all(
            SQL["page"], {**self._parameters, **span, "limit": limit, "most": most}
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
    counted = NOT_COUNTED
    if listing.total and listing.cursor is None and not listing.payload_contains:
        known = Total(len(found.rows), at_least=False)
        counted = (known if found.next_cursor is None else events.count())._asdict()
    return {
        "events": found.rows,
        "next_cursor": found.next_cursor,
        **counted,
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


def _sum(totals: list[Total]) -> Total:
    return Total(sum(each.total for each in totals), any(each.at_least for each in totals))


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
