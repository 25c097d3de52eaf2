"""What clients tell of training programs, and what the service answers."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from chalicelib.appevents.events.fields import Text, at_least_one_of
from fintegrate.http.validation import Described, Instant, RequestModel

_ID = "0d6f4b1c-5f0e-4a39-9a52-6f4a3c1d2e10"
_WORKOUT = "5b1f0a3e-7c2d-4e8f-9b6a-1c2d3e4f5a6b"
_SESSION = "c3a9e1d7-2b4f-4c6e-8a1d-9f0e7b5c3d21"
_AT = "2026-11-26T18:00:00.000000Z"
LONGEST_SESSION = timedelta(hours=24)
LAST_POSITION = 999
OF_PROGRAMS = ("name", "description", "weeks")
OF_WORKOUTS = ("name", "position", "planned_at", "remind_at", "exercises")
_CLEARED_BY_NULL = frozenset({"description", "weeks", "planned_at", "remind_at"})

ProgramId = Annotated[UUID, Described("The id of the event that made the program", _ID)]
WorkoutId = Annotated[UUID, Described("The id of the event that made the workout", _WORKOUT)]
SessionId = Annotated[UUID, Described("The id of the event that logged the session", _SESSION)]
Name = Annotated[str, Text(1, 100), Described("Its name", "Strength")]
Description = Annotated[str, Text(0, 2000)]
Weeks = Annotated[int, Field(ge=1, le=52)]
Kilograms = Annotated[float, Field(ge=0, le=1000)]
Repetitions = Annotated[int, Field(ge=1, le=999), Described("Repetitions in a set", 8)]
Position = Annotated[int, Field(ge=0, le=LAST_POSITION), Described("Its place in the program", 0)]
ExerciseName = Annotated[str, Text(1, 100), Described("The exercise", "Squat")]
PlannedAt = Annotated[Instant | None, Described("When it is planned", _AT)]
RemindAt = Annotated[Instant | None, Described("When to remind the user of it", _AT)]


class Exercise(RequestModel):
    """An exercise of a workout."""

    name: ExerciseName
    sets: Annotated[int, Field(ge=1, le=99), Described("How many sets", 3)]
    reps: Repetitions
    weight_kg: Annotated[Kilograms | None, Described("The weight in kilograms", 80.0)] = None


class Entry(RequestModel):
    """A set that was done in a session."""

    exercise: ExerciseName
    reps: Repetitions
    weight_kg: Annotated[Kilograms | None, Described("The weight in kilograms", 80.0)] = None


Exercises = Annotated[
    list[Exercise],
    Field(max_length=50),
    Described(
        "The exercises, in their order",
        [{"name": "Squat", "sets": 3, "reps": 8, "weight_kg": 80.0}],
    ),
]
Entries = Annotated[
    list[Entry],
    Field(max_length=200),
    Described("The sets, in their order", [{"exercise": "Squat", "reps": 8, "weight_kg": 80.0}]),
]


class ProgramCreated(RequestModel):
    """`program.created`: a program whose id is that of the event."""

    name: Name
    description: Annotated[Description | None, Described("A description", "Three days a week")] = (
        None
    )
    weeks: Annotated[Weeks | None, Described("How many weeks it takes", 8)] = None


class _Changes(RequestModel):
    """An event that says some fields of a thing."""

    def changes(self, fields: tuple[str, ...]) -> dict[str, Any]:
        """What it says. Null clears what may be missing; elsewhere it says nothing."""
        said = {name: getattr(self, name) for name in fields if name in self.model_fields_set}
        return {
            name: value
            for name, value in said.items()
            if value is not None or name in _CLEARED_BY_NULL
        }

    def _says_one_of(self, fields: tuple[str, ...]) -> Self:
        if not self.changes(fields):
            raise ValueError(f"must have at least one of {', '.join(fields)}")
        return self


class ProgramUpdated(_Changes):
    """`program.updated`: replaces the fields that it names.

    With `expected_version` it is persisted only if that is the program's version.
    """

    model_config = ConfigDict(
        json_schema_extra=at_least_one_of(OF_PROGRAMS, null_counts=_CLEARED_BY_NULL)
    )
    program_id: ProgramId
    expected_version: Annotated[
        int | None, Field(ge=1), Described("The version that the client changed", 1)
    ] = None
    name: Name | None = None
    description: Annotated[
        Description | None, Described("A description; null clears it", "Hard")
    ] = None
    weeks: Annotated[Weeks | None, Described("How many weeks it takes; null clears it", 8)] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return self._says_one_of(OF_PROGRAMS)


class ProgramArchived(RequestModel):
    """`program.archived`: a program that its owner is done with."""

    program_id: ProgramId


class WorkoutCreated(RequestModel):
    """`workout.created`: a workout whose id is that of the event."""

    program_id: ProgramId
    name: Name
    position: Position
    planned_at: PlannedAt = None
    remind_at: RemindAt = None
    exercises: Exercises


class WorkoutUpdated(_Changes):
    """`workout.updated`: replaces the fields that it names."""

    model_config = ConfigDict(
        json_schema_extra=at_least_one_of(OF_WORKOUTS, null_counts=_CLEARED_BY_NULL)
    )
    workout_id: WorkoutId
    name: Name | None = None
    position: Position | None = None
    planned_at: PlannedAt = None
    remind_at: RemindAt = None
    exercises: Exercises | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return self._says_one_of(OF_WORKOUTS)


class WorkoutDeleted(RequestModel):
    """`workout.deleted`: a workout of the user's own."""

    workout_id: WorkoutId


class SessionLogged(RequestModel):
    """`workout.session.logged`: what was done, as a session whose id is that of the event."""

    workout_id: WorkoutId
    started_at: Annotated[Instant, Described("When it began", _AT)]
    ended_at: Annotated[
        Instant, Described("When it ended, at most 24 hours later", "2026-11-26T19:00:00.000000Z")
    ]
    entries: Entries
    notes: Annotated[
        Annotated[str, Text(0, 2000)] | None, Described("Notes on the session", "Easy")
    ] = None

    @field_validator("ended_at")
    @classmethod
    def _is_later(cls, ended_at: datetime, info: ValidationInfo) -> datetime:
        started_at = info.data.get("started_at")
        if started_at and not timedelta(0) < ended_at - started_at <= LONGEST_SESSION:
            raise ValueError("must be later than started_at, by 24 hours at most")
        return ended_at


class ProgramPersisted(RequestModel):
    """`program.persisted`: a program as it stands after the event."""

    program_id: ProgramId
    version: Annotated[int, Described("Its version now", 1)]
    archived: Annotated[bool, Described("Whether it is archived", False)]


class WorkoutPersisted(RequestModel):
    """`workout.persisted`: a workout was written or deleted."""

    workout_id: WorkoutId
    program_id: ProgramId
    deleted: Annotated[bool, Described("Whether it is deleted", False)]


class SessionPersisted(RequestModel):
    """`workout.session.persisted`: a session was written."""

    session_id: SessionId
    workout_id: WorkoutId
    program_id: ProgramId


class ReminderDue(RequestModel):
    """`workout.reminder_due`: the time to remind of a workout has come."""

    workout_id: WorkoutId
    program_id: ProgramId
    name: Name
    planned_at: PlannedAt
