"""Accepted events in the database, as the admin may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.relay.values.json_text import loads
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.http.cursors import number_of, page, page_parameters
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
_OF_DELIVERIES = ("delivery_status", "lane_id", "destination", "reason")


def read_page(db: Database, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A page of the events that a filter wants, the newest first.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    given = {name for name in _OF_DELIVERIES if wanted[name] is not None}
    rows = db.fetch_all(
        SQL["list"],
        {
            **wanted,
            **page_parameters(wanted["cursor"], wanted["limit"], number_of),
            "by_delivery": bool(given),
            "reason_alone": given == {"reason"},
        },
    )
    events, next_cursor = page(rows, wanted["limit"], "created_at", "id")
    return {"events": events, "next_cursor": next_cursor}


def read(db: Database, event: int) -> Row:
    """The whole life of an event: without user data, with its deliveries and attempts.

    Raises:
        NotFound: there is no such event.
    """
    wanted = {"id": event}
    row = db.fetch_one(SQL["read"], wanted)
    if row is None:
        raise NotFound("No such event; check its number")
    return {
        **row,
        "payload": loads(row["payload"] or "{}"),
        "deliveries": db.fetch_all(SQL["deliveries"], wanted),
        "attempts": db.fetch_all(SQL["attempts"], wanted),
    }
