"""A user's notes for a machine. A note has the id of the event that wrote it."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.machine import NoteDeleted, NoteSaved
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import NotYet, Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
PERSISTED = "machine.note.persisted"


def save_note(db: Database, event: Event[NoteSaved]) -> Reply:
    """Write a note.

    Raises:
        Rejected: somebody else's note has this id.
    """
    written = db.fetch_one(
        SQL["save"],
        {
            "note_id": event.id,
            "user_id": event.user_id,
            "machine_id": event.data.machine_id,
            "body": event.data.body,
        },
    )
    if written is None:
        raise Rejected("id_taken", "Another note has this id")
    return _persisted(event.id, event.data.machine_id, deleted=False)


def delete_note(db: Database, event: Event[NoteDeleted]) -> Reply:
    """Delete a note of the user. One that is deleted already stays so.

    Raises:
        NotYet: the user has no such note; its own event may still wait.
    """
    wanted = {"note_id": str(event.data.note_id), "user_id": event.user_id}
    row = db.fetch_one(SQL["delete"], wanted)
    if row is None:
        raise NotYet("note_not_found", "There is no such note")
    return _persisted(wanted["note_id"], row["machine_id"], deleted=True)


def list_notes(db: Database, user_id: str, machine_id: str, page: dict[str, Any]) -> list[Row]:
    """A user's notes for a machine, oldest first; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, "machine_id": machine_id, **page})


def _persisted(note_id: str, machine_id: str, *, deleted: bool) -> Reply:
    data = {"note_id": note_id, "machine_id": machine_id, "deleted": deleted}
    return Reply(PERSISTED, data)
