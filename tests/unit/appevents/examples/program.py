"""Examples of programs, workouts and sessions."""

from __future__ import annotations

from typing import Any

PROGRAM = "0d6f4b1c-5f0e-4a39-9a52-6f4a3c1d2e10"
WORKOUT = "5b1f0a3e-7c2d-4e8f-9b6a-1c2d3e4f5a6b"
SESSION = "c3a9e1d7-2b4f-4c6e-8a1d-9f0e7b5c3d21"
EXERCISE = {"name": "Squat", "sets": 3, "reps": 8, "weight_kg": 82.5}
OF_WORKOUT = {
    "name": "Legs",
    "position": 0,
    "planned_at": "2026-11-26T18:00:00Z",
    "remind_at": "2026-11-26T17:30:00+01:00",
    "exercises": [EXERCISE, {"name": "Plank", "sets": 1, "reps": 1}],
}
EXAMPLES: dict[str, Any] = {
    "program.created": {"name": "Strength", "description": "Three days\na week", "weeks": 8},
    "program.updated": {
        "program_id": PROGRAM,
        "expected_version": 1,
        "name": "Power",
        "description": None,
        "weeks": 52,
    },
    "program.archived": {"program_id": PROGRAM},
    "program.persisted": {"program_id": PROGRAM, "version": 1, "archived": False},
    "workout.created": {"program_id": PROGRAM, **OF_WORKOUT},
    "workout.updated": {"workout_id": WORKOUT, **OF_WORKOUT},
    "workout.deleted": {"workout_id": WORKOUT},
    "workout.persisted": {"workout_id": WORKOUT, "program_id": PROGRAM, "deleted": False},
    "workout.session.logged": {
        "workout_id": WORKOUT,
        "started_at": "2026-11-26T18:00:00Z",
        "ended_at": "2026-11-26T19:00:00Z",
        "entries": [{"exercise": "Squat", "reps": 8, "weight_kg": 80}],
        "notes": "",
    },
    "workout.session.persisted": {
        "session_id": SESSION,
        "workout_id": WORKOUT,
        "program_id": PROGRAM,
    },
    "workout.reminder_due": {
        "workout_id": WORKOUT,
        "program_id": PROGRAM,
        "name": "Legs",
        "planned_at": None,
    },
}
_OF_WORKOUT: dict[str, Any] = {
    "name": "x" * 101,
    "position": 1000,
    "planned_at": "2026-11-26T18:00:00",
    "remind_at": 1_764_180_000,
    "exercises": [EXERCISE] * 51,
    "exercises.0.name": "",
    "exercises.0.sets": 100,
    "exercises.0.reps": 0,
    "exercises.0.weight_kg": 1000.5,
}
WRONG: dict[str, dict[str, Any]] = {
    "program.created": {"name": "  ", "description": "x" * 2001, "weeks": 53},
    "program.updated": {
        "program_id": "none",
        "expected_version": 0,
        "name": "",
        "description": "\x07",
        "weeks": 0,
    },
    "program.archived": {"program_id": None},
    "program.persisted": {"program_id": 1, "version": "1", "archived": None},
    "workout.created": {"program_id": "", **_OF_WORKOUT},
    "workout.updated": {"workout_id": "", **_OF_WORKOUT},
    "workout.deleted": {"workout_id": 7},
    "workout.persisted": {"workout_id": 1, "program_id": None, "deleted": "no"},
    "workout.session.logged": {
        "workout_id": "x",
        "started_at": "yesterday",
        "ended_at": "2026-11-26T18:00:00Z",
        "entries": [{"exercise": "Squat", "reps": 8}] * 201,
        "entries.0.exercise": "x" * 101,
        "entries.0.reps": 1000,
        "entries.0.weight_kg": -1,
        "notes": "x" * 2001,
    },
    "workout.session.persisted": {"session_id": 1, "workout_id": None, "program_id": "x"},
    "workout.reminder_due": {"workout_id": 1, "program_id": 1, "name": "", "planned_at": "soon"},
}
