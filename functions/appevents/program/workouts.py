"""The workouts of a program. A workout has the id of the event that made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.program import (
    OF_WORKOUTS,
    WorkoutCreated,
    WorkoutDeleted,
    WorkoutUpdated,
)
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.program.newest import is_newer, newer_fields, noted
from chalicelib.appevents.program.programs import lock_program
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import NotYet, Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST = 1_000
"""Workouts of a program."""
NOT_FOUND = "workout_not_found", "There is no such workout"
DELETED = "deleted"


def create_workout(db: Database, event: Event[WorkoutCreated]) -> Reply:
    """Write a workout into a program.

    Raises:
        NotYet: the program is not there yet.
        Rejected: the program is somebody else's, archived or full, or somebody else's workout has this
            id.
    """
    program_id = lock_program(db, event, str(event.data.program_id))["program_id"]
    wanted = {"user_id": event.user_id, "program_id": program_id}
    count = db.fetch_one(SQL["count"], wanted)
    if count is not None and count["count"] >= MOST:
        raise Rejected("too_many_workouts", f"A program may have at most {MOST} workouts")
    said = _plain(event.data.model_dump(include=set(OF_WORKOUTS)))
    said["remind_event"] = event.id if said["remind_at"] else None
    if db.fetch_one(SQL["create"], {"workout_id": event.id, **wanted, **said}) is None:
        raise Rejected("id_taken", "Another workout has this id")
    return _persisted(event.id, program_id, deleted=False)


def update_workout(db: Database, event: Event[WorkoutUpdated]) -> Reply:
    """Replace the fields that no newer event has said.

    Raises:
        NotYet: the workout is not there yet.
        Rejected: it is somebody else's, or was deleted before, or its program was archived before.
    """
    workout = _locked(db, event, str(event.data.workout_id))
    if workout["deleted_at"] is not None and is_newer(workout["told"], DELETED, event):
        raise Rejected(*NOT_FOUND)
    lock_program(db, event, workout["program_id"])
    said = event.data.changes(OF_WORKOUTS)
    fields = newer_fields(workout["told"], said, event)
    changed = {**workout, **_plain({field: getattr(event.data, field) for field in fields})}
    if "remind_at" in fields:
        changed["remind_event"] = event.id
    changed["told"] = noted(workout["told"], fields, event)
    _write(db, event.user_id, changed)
    return _persisted(
        workout["workout_id"], workout["program_id"], deleted=bool(workout["deleted_at"])
    )


def delete_workout(db: Database, event: Event[WorkoutDeleted]) -> Reply:
    """Delete a workout. One that is deleted already stays so.

    Raises:
        NotYet: the workout is not there yet.
        Rejected: it is somebody else's.
    """
    workout = _locked(db, event, str(event.data.workout_id))
    if workout["deleted_at"] is None or not is_newer(workout["told"], DELETED, event):
        told = json.dumps(noted(workout["told"], [DELETED], event))
        wanted = {"user_id": event.user_id, "workout_id": workout["workout_id"]}
        db.execute(SQL["delete"], {**wanted, "told": told})
    return _persisted(workout["workout_id"], workout["program_id"], deleted=True)


def find_workout(db: Database, event: Event[Any], workout_id: str) -> Row:
    """A user's workout, deleted or not.

    Raises:
        NotYet: the workout is not there yet.
        Rejected: it is somebody else's.
    """
    return _found(db, SQL["find"], event, workout_id)


def list_workouts(
    db: Database, user_id: str, program_id: str, wanted: Mapping[str, Any]
) -> list[Row]:
    """The workouts of a user's program in their order; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, "program_id": program_id, **wanted})


def _locked(db: Database, event: Event[Any], workout_id: str) -> Row:
    return _found(db, SQL["lock"], event, workout_id)


def _found(db: Database, statement: str, event: Event[Any], workout_id: str) -> Row:
    wanted = {"user_id": event.user_id, "workout_id": workout_id}
    workout = db.fetch_one(statement, wanted)
    if workout is not None:
        return workout
    if db.fetch_one(SQL["of_another"], wanted):
        raise Rejected(*NOT_FOUND)
    raise NotYet(*NOT_FOUND)


def _write(db: Database, user_id: str, workout: Row) -> None:
    exercises = workout["exercises"]
    texts = {
        "told": json.dumps(workout["told"]),
        "exercises": exercises if isinstance(exercises, str) else json.dumps(exercises),
    }
    db.execute(SQL["update"], {**workout, **texts, "user_id": user_id})


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    """Fields as a statement takes them: exercises are JSON text."""
    if "exercises" in said:
        exercises = [
            each if isinstance(each, dict) else each.model_dump() for each in said["exercises"]
        ]
        said["exercises"] = json.dumps(exercises)
    return said


def _persisted(workout_id: str, program_id: str, *, deleted: bool) -> Reply:
    data = {"workout_id": workout_id, "program_id": program_id, "deleted": deleted}
    return Reply("workout.persisted", data)
