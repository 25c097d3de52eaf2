"""Accepted events in the database, as the admin may see them."""

from __future__ import annotations

from chalicelib.relay.values.json_text import loads
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


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
