"""What a user did of a workout. A session has the id of the event that logged it.

It has happened, so it is kept also when the workout is deleted or its program archived.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.program import SessionLogged
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.program.workouts import find_workout
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def log_session(db: Database, event: Event[SessionLogged]) -> Reply:
    """Write a session.

    Raises:
        NotYet: the workout is not there yet.
        Rejected: the workout is somebody else's, or somebody else's session has this id.
    """
    said = event.data
    workout = find_workout(db, event, str(said.workout_id))
    written = db.fetch_one(
        SQL["log"],
        {
            **workout,
            "session_id": event.id,
            "user_id": event.user_id,
            "started_at": said.started_at,
            "ended_at": said.ended_at,
            "entries": json.dumps([entry.model_dump() for entry in said.entries]),
            "notes": said.notes,
        },
    )
    if written is None:
        raise Rejected("id_taken", "Another session has this id")
    return Reply("workout.session.persisted", {"session_id": event.id, **workout})


def list_sessions(
    db: Database, user_id: str, program_id: str, wanted: Mapping[str, Any]
) -> list[Row]:
    """The sessions of a user's program, newest first; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, "program_id": program_id, **wanted})
