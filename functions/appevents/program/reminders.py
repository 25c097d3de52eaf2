"""Reminders of workouts, once for each time that a workout was to be reminded of.

A run locks the workouts that are due and passes over those of another run. A reminder has its key in the
database, too: a time that is set again is not reminded of again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from chalicelib.appevents.envelope import iso
from chalicelib.appevents.outbox import write_event
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
DUE = "workout.reminder_due"


def write_due(db: Database, batch: int) -> tuple[int, list[Row]]:
    """Write the reminders that have come, in a transaction.

    Returns how many workouts were due, and the rows to publish.
    """
    with db.transaction():
        due = db.fetch_all(SQL["take_due"], {"batch": batch})
        rows = [_write(db, workout) for workout in due if not workout["is_archived"]]
    return len(due), [row for row in rows if row is not None]


def list_reminders(db: Database, user_id: str, wanted: Mapping[str, Any]) -> list[Row]:
    """A user's reminders that have come, newest first; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, **wanted})


def _write(db: Database, workout: Row) -> Row | None:
    """Write a reminder and its event; None if this time was reminded of before."""
    name = f"program {DUE} {iso(workout['remind_at'])}"
    reminder_id = str(uuid5(UUID(workout["workout_id"]), name))
    if db.fetch_one(SQL["write"], {**workout, "reminder_id": reminder_id}) is None:
        return None
    said = {name: workout[name] for name in ("workout_id", "program_id", "name", "planned_at")}
    return write_event(db, DUE, reminder_id, workout["user_id"], said, workout["remind_event"])
