"""Who may see whose feed: everybody, or anyone with the passcode.

An owner without a row has a public feed.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID, uuid5

from chalicelib.appevents.outbox import write_event
from chalicelib.appevents.settings import passcodes
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
PUBLIC, PASSCODE = "public", "passcode"
UNKNOWN = {"visibility": PUBLIC, "access_version": 0, "changed_at": None}
CHANGED = "feed.visibility.changed"


class Change(NamedTuple):
    """What is now, and the event that tells it; None if nothing changed."""

    now: Row
    event: Row | None


def change(db: Database, owner_id: str, visibility: str, passcode: str | None) -> Change:
    """Change who may see a feed, in a transaction of its own."""
    hashed = passcodes.hashed(passcode) if passcode is not None else None
    wanted = {"owner_id": owner_id, "visibility": visibility, "passcode_hash": hashed}
    with db.transaction():
        now = db.fetch_one(SQL["change"], wanted)
        if now is None:
            return Change(read(db, owner_id), None)
        return Change(now, tell(db, owner_id, now))


def tell(db: Database, owner_id: str, now: Row) -> Row:
    """Write the event of a change, in its transaction; returns the row to publish."""
    said = {"owner_id": owner_id, **{name: now[name] for name in ("visibility", "access_version")}}
    event_id = str(uuid5(UUID(owner_id), f"settings {CHANGED} {now['access_version']}"))
    return write_event(db, CHANGED, event_id, owner_id, said)


def read(db: Database, owner_id: str) -> dict[str, Any]:
    """Who may see a feed, without the passcode's hash."""
    return db.fetch_one(SQL["read"], {"owner_id": owner_id}) or dict(UNKNOWN)


def find(db: Database, owner_id: str) -> Row:
    """The same with the hash, which must go nowhere."""
    found = db.fetch_one(SQL["find"], {"owner_id": owner_id})
    return found or {**UNKNOWN, "passcode_hash": None}
