"""Reminders: once for each time that has come, whoever else looks at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.program.reminders import write_due
from tests.integration.appevents.conftest import User
from tests.support.schedules import run_schedule
from tests.support.threads import at_once

REMINDERS = "/api/v1/reminders"
PAST = "2026-01-01T07:00:00Z"
OTHER_PAST = "2026-01-02T07:00:00Z"
Query = Callable[..., list[dict[str, Any]]]
Settle = Callable[[str], None]


@pytest.fixture
def program(user: User, settle: Settle) -> str:
    made = user.tell("program.created", {"name": "Strength"})
    settle("program")
    return made


def workout(user: User, program: str, **more: Any) -> str:
    said = {"program_id": program, "name": "Legs", "position": 0, "exercises": [], **more}
    return user.tell("workout.created", said)


def remind() -> int:
    return int(run_schedule("app_remind")["reminders"])


def listed(user: User, **query: object) -> list[Any]:
    reply = user.call("GET", REMINDERS, query=query)
    assert reply.status == 200, reply
    return list(reply.data["reminders"])


def test_reminder_comes_once(
    user: User, program: str, settle: Settle, query: Query, left_in: Callable[[str], int]
) -> None:
    made = workout(user, program, remind_at=PAST, planned_at="2026-01-01T08:00:00Z")
    settle("program")

    assert [remind(), remind()] == [1, 0]

    (found,) = listed(user)
    assert (found["workout_id"], found["program_id"], found["name"]) == (made, program, "Legs")
    assert found["remind_at"].startswith("2026-01-01T07:00:00")
    (told,) = query("program", "SELECT * FROM outbox WHERE event_type = 'workout.reminder_due'")
    assert (told["client_generated_id"], told["causation_id"]) == (found["reminder_id"], made)
    assert told["data"] == {
        "workout_id": made,
        "program_id": program,
        "name": "Legs",
        "planned_at": "2026-01-01T08:00:00Z",
    }
    assert left_in("app.notification") == 1


def test_reminder_leaves_the_outcome_alone(user: User, program: str, settle: Settle) -> None:
    made = workout(user, program, remind_at=PAST)
    settle("program")
    before = user.state(made)

    remind()
    settle("program")

    assert user.state(made) == before


def test_only_what_has_come_is_reminded_of(user: User, program: str, settle: Settle) -> None:
    archived = user.tell("program.created", {"name": "Old"})
    workout(user, archived, remind_at=PAST)
    user.tell("program.archived", {"program_id": archived})
    deleted = workout(user, program, remind_at=PAST)
    user.tell("workout.deleted", {"workout_id": deleted})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    workout(user, program, remind_at=tomorrow.isoformat())
    workout(user, program)
    settle("program")

    assert remind() == 0
    assert listed(user) == []


def test_each_time_is_reminded_of_once(user: User, program: str, settle: Settle) -> None:
    made = workout(user, program, remind_at=PAST)
    settle("program")
    counts = [remind()]
    for remind_at in (OTHER_PAST, PAST, None, OTHER_PAST):
        user.tell("workout.updated", {"workout_id": made, "remind_at": remind_at})
        settle("program")
        counts.append(remind())

    assert counts == [1, 1, 0, 0, 0]
    assert [each["remind_at"][:10] for each in listed(user)] == ["2026-01-02", "2026-01-01"]


def test_runs_that_overlap_remind_once(
    user: User, program: str, settle: Settle, query: Query
) -> None:
    for _ in range(30):
        workout(user, program, remind_at=PAST)
    settle("program")
    database = wiring.parts().service("program").request.database

    def run() -> int:
        return sum(len(write_due(database, 4)[1]) for _ in range(6))

    written = at_once([run] * 6, database.close)

    assert sum(written) == 30
    assert len(query("program", "SELECT 1 FROM reminders")) == 30
    sql = "SELECT 1 FROM outbox WHERE event_type = 'workout.reminder_due'"
    assert len(query("program", sql)) == 30


def test_reminder_that_was_not_published_is_swept(
    user: User, program: str, settle: Settle, query: Query, left_in: Callable[[str], int]
) -> None:
    workout(user, program, remind_at=PAST)
    settle("program")
    write_due(wiring.parts().service("program").request.database, 10)
    query("program", "UPDATE outbox SET created_at = created_at - interval '1 minute'")

    run_schedule("app_resend")

    assert remind() == 0
    assert left_in("app.notification") == 1


def test_reminders_of_others_are_not_listed(
    user: User, make_user: Callable[[], User], program: str, settle: Settle
) -> None:
    for _ in range(3):
        workout(user, program, remind_at=PAST)
    settle("program")
    remind()

    first = user.call("GET", REMINDERS, query={"limit": 2}).data
    rest = listed(user, cursor=first["next_cursor"])
    assert len({each["reminder_id"] for each in first["reminders"] + rest}) == 3
    assert listed(make_user()) == []
