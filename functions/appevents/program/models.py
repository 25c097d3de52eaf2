"""What requests about programs take and what their answers give."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from chalicelib.appevents.events.program import ProgramId
from chalicelib.appevents.paging import Page
from fintegrate.http.cursors import NextCursor, digits_only
from fintegrate.http.listings import by_time
from fintegrate.http.validation import Described, RequestModel

_PROGRAM = "0d6f4b1c-5f0e-4a39-9a52-6f4a3c1d2e10"
_WORKOUT = "5b1f0a3e-7c2d-4e8f-9b6a-1c2d3e4f5a6b"
_SESSION = "c3a9e1d7-2b4f-4c6e-8a1d-9f0e7b5c3d21"
_AT = "2026-11-26T18:00:00.000000Z"
_EXERCISE = {"name": "Squat", "sets": 3, "reps": 8, "weight_kg": 80.0}
PROGRAMS = by_time("programs", "program_id")
SESSIONS = by_time("sessions", "session_id")
REMINDERS = by_time("reminders", "reminder_id")

Id = Annotated[str, Described("Its id", _PROGRAM)]
Name = Annotated[str, Described("Its name", "Strength")]
CreatedAt = Annotated[datetime, Described("When it was stored", _AT)]
UpdatedAt = Annotated[datetime, Described("When it was changed last", _AT)]
PlannedAt = Annotated[datetime | None, Described("When it is planned", _AT)]
OfWorkout = Annotated[str, Described("The workout", _WORKOUT)]


class ProgramPath(RequestModel):
    """A program's id in the path."""

    program_id: ProgramId


class ProgramPage(Page):
    """Which programs to list."""

    archived: Annotated[
        Literal["true", "false"], Described("true: only archived programs", "false")
    ] = "false"


class WorkoutPage(Page):
    """Which workouts of the program to give: all, as far as an answer has space."""

    limit: Annotated[
        int,
        Field(ge=1, le=1000),
        BeforeValidator(digits_only),
        Described("Workouts on a page", 1000),
    ] = 1000


class SessionPage(Page):
    """Which sessions to list."""


class ReminderPage(Page):
    """Which reminders to list."""


class Program(TypedDict):
    """A program."""

    program_id: Id
    name: Name
    description: Annotated[str | None, Described("A description", "Three days a week")]
    weeks: Annotated[int | None, Described("How many weeks it takes", 8)]
    version: Annotated[int, Described("Each change raises it; for expected_version", 1)]
    created_at: CreatedAt
    updated_at: UpdatedAt
    archived_at: Annotated[datetime | None, Described("When it was archived", None)]


class ProgramList(TypedDict):
    """Programs, newest first."""

    programs: list[Program]
    next_cursor: NextCursor


class Workout(TypedDict):
    """A workout of a program."""

    workout_id: OfWorkout
    name: Name
    position: Annotated[int, Described("Its place in the program", 0)]
    planned_at: PlannedAt
    remind_at: Annotated[datetime | None, Described("When to remind the user of it", _AT)]
    exercises: Annotated[
        list[dict[str, Any]], Described("The exercises, in their order", [_EXERCISE])
    ]
    created_at: CreatedAt
    updated_at: UpdatedAt


class ProgramWithWorkouts(Program):
    """A program and its workouts, in their order."""

    workouts: list[Workout]
    next_cursor: NextCursor


class Session(TypedDict):
    """What was done of a workout."""

    session_id: Annotated[str, Described("Its id", _SESSION)]
    workout_id: OfWorkout
    started_at: Annotated[datetime, Described("When it began", _AT)]
    ended_at: Annotated[datetime, Described("When it ended", "2026-11-26T19:00:00.000000Z")]
    entries: Annotated[
        list[dict[str, Any]],
        Described(
            "The sets, in their order", [{"exercise": "Squat", "reps": 8, "weight_kg": 80.0}]
        ),
    ]
    notes: Annotated[str | None, Described("Notes on the session", "Easy")]
    created_at: CreatedAt


class SessionList(TypedDict):
    """Sessions, newest first."""

    sessions: list[Session]
    next_cursor: NextCursor


class Reminder(TypedDict):
    """A reminder whose time has come."""

    reminder_id: Annotated[str, Described("The id of its event", _SESSION)]
    workout_id: OfWorkout
    program_id: Id
    name: Name
    planned_at: PlannedAt
    remind_at: Annotated[datetime, Described("The time that has come", _AT)]
    created_at: CreatedAt


class ReminderList(TypedDict):
    """Reminders, newest first."""

    reminders: list[Reminder]
    next_cursor: NextCursor
