"""Lists the audit log: what it is read by, where a page ends, and what a tenant may see of others."""

from __future__ import annotations

from typing import Any, NamedTuple

from chalicelib.banking.audit.models import AuditListing
from fintegrate.database import Database, Row
from fintegrate.http.cursors import cursor_of, page, page_parameters
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
FIRST, LOOKED_AT = 1_000, 10_000
"""How many rows of its source a page looks at: at first, and in all if those were too few."""
SOURCES = ("of_request", "of_consumer", "of_actor", "of_action", "of_status")
"""What a list may be read by, the rarest first: an index each. Without any it is read by time."""


class Page(NamedTuple):
    """Rows, newest first, and the cursor behind them."""

    rows: list[Row]
    next_cursor: str | None


def list_rows(
    db: Database, wanted: AuditListing, consumer_id: str | None, limit: int, *, is_admin: bool
) -> Page:
    """Read a page.

    Args:
        consumer_id: the tenant; None for all

    Raises:
        Invalid: the cursor is none of ours.
    """
    conditions = _conditions(wanted, consumer_id, is_admin=is_admin)
    matching, cursor = _search(db, conditions, wanted.cursor, limit, FIRST)
    if cursor is not None and len(matching) <= limit:
        left = limit - len(matching)
        more, cursor = _search(db, conditions, cursor, left, LOOKED_AT - FIRST)
        matching += more
    rows = [_row(row, consumer_id, is_admin=is_admin) for row in matching]
    found, next_cursor = page(rows, limit, "created_at", "audit_id")
    return Page(found, next_cursor or cursor)


def _search(
    db: Database, conditions: Row, cursor: str | None, limit: int, most: int
) -> tuple[list[Row], str | None]:
    """What matches among the next rows, one more than `limit`, and the cursor behind those rows."""
    parameters = {**conditions, **page_parameters(cursor, limit), "most": max(limit + 1, most)}
    rows = db.fetch_all(SQL["list_rows"], parameters)
    ended = {"created_at": rows[0]["ended_at"], "audit_id": rows[0]["ended_id"]}
    behind = cursor_of(ended, "created_at", "audit_id") if ended["audit_id"] else None
    return [row for row in rows if row["audit_id"]], behind


def _conditions(wanted: AuditListing, consumer_id: str | None, *, is_admin: bool) -> dict[str, Any]:
    """A tenant's list looks at its own rows only: the cursor names the last one that was looked at."""
    of_request = wanted.request_id if is_admin else None
    known = (of_request, consumer_id, wanted.actor, wanted.action, wanted.status_code)
    given = (name for name, value in zip(SOURCES, known, strict=True) if value is not None)
    source = next(given, None)
    return {
        **{name: name == source for name in SOURCES},
        "consumer_id": consumer_id,
        "begin": wanted.begin,
        "end": wanted.end,
        "actor": wanted.actor,
        "action": wanted.action,
        "status_code": wanted.status_code,
        "request_id": wanted.request_id,
    }


def _row(row: Row, consumer_id: str | None, *, is_admin: bool) -> Row:
    """A row without what only serves the search, and for a tenant without what is others'."""
    shown = {name: value for name, value in row.items() if not name.startswith("ended_")}
    if is_admin:
        return shown
    shown["source_ip"] = None
    if row["consumer_id"] != consumer_id:
        shown |= {"key_id": None, "session_id": None}
    return shown
