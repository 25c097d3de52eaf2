"""Programs, workouts and sessions: from events to what their owner reads."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.appevents.events.catalogue import model_of
from chalicelib.appevents.program import workouts as of_workouts
from chalicelib.appevents.program.read_program import WORKOUTS
from tests.integration.appevents.conftest import Tell, User, event
from tests.support.waiting import eventually

PROGRAMS, PROGRAM = "/api/v1/programs", "/api/v1/programs/{program_id}"
SESSIONS = "/api/v1/programs/{program_id}/sessions"
SQUAT = {"name": "Squat", "sets": 3, "reps": 8, "weight_kg": 80}
SESSION = {
    "started_at": "2026-11-26T18:00:00Z",
    "ended_at": "2026-11-26T19:00:00Z",
    "entries": [{"exercise": "Squat", "reps": 8, "weight_kg": 82.5}],
}


def workout(program_id: str, **more: Any) -> dict[str, Any]:
    return {
        "program_id": program_id,
        "name": "Legs",
        "position": 0,
        "exercises": [SQUAT],
        **more,
    }


def read(user: User, program_id: str, **query: object) -> Any:
    reply = user.call("GET", PROGRAM, query=query, program_id=program_id)
    assert reply.status == 200, reply
    return reply.data


@pytest.fixture
def program(user: User, settle: Callable[[str], None]) -> str:
    """A program of the user."""
    made = user.tell("program.created", {"name": "Strength", "weeks": 8})
    settle("program")
    return made


def rejection(user: User, told: str) -> tuple[str, str | None]:
    state = user.state(told)
    return state["status"], state["reason"]


def test_program_is_made_with_the_id_of_its_event(user: User, program: str) -> None:
    assert user.state(program)["outcome"]["data"] == {
        "program_id": program,
        "version": 1,
        "archived": False,
    }
    found = read(user, program)
    assert (found["program_id"], found["name"], found["weeks"]) == (program, "Strength", 8)
    assert (found["description"], found["workouts"], found["next_cursor"]) == (None, [], None)


def test_id_of_another_is_taken(
    user: User, make_user: Callable[[], User], program: str, settle: Callable[[str], None]
) -> None:
    other = make_user()
    other.tell("program.created", {"name": "Mine"}, program)
    settle("program")

    assert rejection(other, program) == ("rejected", "id_taken")
    assert read(user, program)["name"] == "Strength"


def test_others_programs_are_not_there(
    user: User, make_user: Callable[[], User], program: str, settle: Callable[[str], None]
) -> None:
    other = make_user()
    told = [
        other.tell("program.updated", {"program_id": program, "name": "Mine"}),
        other.tell("program.archived", {"program_id": program}),
        other.tell("workout.created", workout(program)),
    ]
    settle("program")

    assert {rejection(other, each) for each in told} == {("rejected", "program_not_found")}
    nobodys = str(uuid.uuid4())
    for path in (PROGRAM, SESSIONS):
        replies = [other.call("GET", path, program_id=each) for each in (program, nobodys)]
        assert {(reply.status, reply.description) for reply in replies} == {
            (404, "There is no such program")
        }
    assert other.call("GET", PROGRAMS).data["programs"] == []


def test_update_replaces_what_it_names(
    user: User, program: str, settle: Callable[[str], None]
) -> None:
    user.tell("program.updated", {"program_id": program, "description": "Hard", "weeks": None})
    settle("program")

    found = read(user, program)
    assert (found["name"], found["description"], found["weeks"]) == ("Strength", "Hard", None)
    assert found["version"] == 2


def test_expected_version_lets_one_pass(
    user: User, program: str, settle: Callable[[str], None]
) -> None:
    one, other = (
        user.tell("program.updated", {"program_id": program, "expected_version": 1, "name": name})
        for name in ("One", "Other")
    )
    settle("program")

    assert (user.state(one)["status"], rejection(user, other)) == (
        "processed",
        ("rejected", "version_conflict"),
    )
    assert (read(user, program)["name"], read(user, program)["version"]) == ("One", 2)


def test_version_to_come_is_waited_for(
    user: User,
    program: str,
    settle: Callable[[str], None],
    settle_once: Callable[[str], None],
    tell: Tell,
) -> None:
    late = {"program_id": program, "expected_version": 2, "name": "Third"}
    tell(user, "program.updated", late, sequence=3)
    settle_once("program")
    tell(user, "program.updated", {**late, "expected_version": 1, "name": "Second"}, sequence=2)

    def is_third() -> bool:
        settle("program")
        return bool(read(user, program)["version"] == 3)

    eventually(is_third, "the second change was tried again")
    assert read(user, program)["name"] == "Third"


UPDATES = [
    {"name": "First", "weeks": 1},
    {"name": "Second", "description": "Second"},
    {"description": "Third"},
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_later_sequence_wins_in_any_order(
    user: User, program: str, settle: Callable[[str], None], tell: Tell, order: tuple[int, ...]
) -> None:
    for place in order:
        said = {"program_id": program, **UPDATES[place]}
        tell(user, "program.updated", said, sequence=10 + place)
    settle("program")

    found = read(user, program)
    assert (found["name"], found["description"], found["weeks"]) == ("Second", "Third", 1)


def test_without_sequence_the_time_decides(
    user: User, program: str, settle: Callable[[str], None], tell: Tell
) -> None:
    for name, hour in (("Later", 12), ("Earlier", 11)):
        at = f"2026-11-26T{hour}:00:00Z"
        tell(user, "program.updated", {"program_id": program, "name": name}, timestamp=at)
    settle("program")

    assert read(user, program)["name"] == "Later"


def test_archived_program_takes_earlier_changes_only(
    user: User, program: str, settle: Callable[[str], None], tell: Tell
) -> None:
    tell(user, "program.archived", {"program_id": program}, sequence=10)
    tell(user, "program.updated", {"program_id": program, "name": "Before"}, sequence=9)
    settle("program")
    again = user.tell("program.archived", {"program_id": program})
    settle("program")

    assert user.state(again)["outcome"]["data"]["archived"] is True
    assert read(user, program)["name"] == "Before"
    assert read(user, program)["archived_at"] is not None


def test_archived_program_takes_no_later_change(
    user: User, program: str, settle: Callable[[str], None]
) -> None:
    user.tell("program.archived", {"program_id": program})
    later = [
        user.tell("program.updated", {"program_id": program, "name": "After"}),
        user.tell("workout.created", workout(program)),
    ]
    settle("program")

    assert {rejection(user, each) for each in later} == {("rejected", "program_archived")}
    assert user.call("GET", PROGRAMS).data["programs"] == []
    archived = user.call("GET", PROGRAMS, query={"archived": "true"}).data["programs"]
    assert [(each["program_id"], each["name"]) for each in archived] == [(program, "Strength")]


def test_workout_waits_for_its_program(
    user: User, settle: Callable[[str], None], settle_once: Callable[[str], None]
) -> None:
    program = str(uuid.uuid4())
    told = user.tell("workout.created", workout(program))
    session = user.tell("workout.session.logged", {"workout_id": told, **SESSION})
    settle_once("program")
    assert [user.state(each)["outcome"] for each in (told, session)] == [None, None]
    user.tell("program.created", {"name": "Late"}, program)

    def are_settled() -> bool:
        settle("program")
        return all(user.state(each)["outcome"] for each in (told, session))

    eventually(are_settled, "the workout and its session were tried again")
    assert user.state(told)["outcome"]["data"] == {
        "workout_id": told,
        "program_id": program,
        "deleted": False,
    }
    assert [each["workout_id"] for each in read(user, program)["workouts"]] == [told]
    assert user.state(session)["outcome"]["event_type"] == "workout.session.persisted"


def test_workout_that_never_comes_is_rejected(user: User, settle: Callable[[str], None]) -> None:
    told = user.tell("workout.deleted", {"workout_id": str(uuid.uuid4())})

    def is_settled() -> bool:
        settle("program")
        return user.state(told)["outcome"] is not None

    eventually(is_settled, "the last try ended")
    assert rejection(user, told) == ("rejected", "workout_not_found")


def test_workouts_come_by_position(user: User, program: str, settle: Callable[[str], None]) -> None:
    for position in (2, 0, 1):
        user.tell("workout.created", workout(program, name=f"{position}", position=position))
    settle("program")

    found = read(user, program)
    assert [each["name"] for each in found["workouts"]] == ["0", "1", "2"]
    assert found["workouts"][0]["exercises"] == [{**SQUAT, "weight_kg": 80.0}]
    pages = [read(user, program, limit=2)]
    pages.append(read(user, program, limit=2, cursor=pages[0]["next_cursor"]))
    assert [each["name"] for page in pages for each in page["workouts"]] == ["0", "1", "2"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_workout_keeps_what_is_newest(
    user: User, program: str, settle: Callable[[str], None], tell: Tell, order: tuple[int, ...]
) -> None:
    made = user.tell("workout.created", workout(program, planned_at="2026-12-01T18:00:00Z"))
    settle("program")
    updates = [
        {"name": "First", "position": 1},
        {"name": "Second", "planned_at": None},
        {"exercises": []},
    ]
    for place in order:
        said = {"workout_id": made, **updates[place]}
        tell(user, "workout.updated", said, sequence=10 + place)
    settle("program")

    (found,) = read(user, program)["workouts"]
    assert (found["name"], found["position"]) == ("Second", 1)
    assert (found["planned_at"], found["exercises"]) == (None, [])


def test_deleted_workout_stays_deleted(
    user: User,
    program: str,
    settle: Callable[[str], None],
    tell: Tell,
    query: Callable[..., list[dict[str, Any]]],
) -> None:
    made = user.tell("workout.created", workout(program))
    settle("program")
    tell(user, "workout.deleted", {"workout_id": made}, sequence=10)
    tell(user, "workout.updated", {"workout_id": made, "name": "Before"}, sequence=9)
    late = tell(user, "workout.updated", {"workout_id": made, "name": "After"}, sequence=11)
    settle("program")

    assert read(user, program)["workouts"] == []
    keys = "SELECT outcome FROM idempotency_keys WHERE client_generated_id = %(id)s"
    rows = query("program", keys, id=late)
    assert [row["outcome"] for row in rows] == ["rejected"]


def test_workouts_of_others_are_not_there(
    user: User, make_user: Callable[[], User], program: str, settle: Callable[[str], None]
) -> None:
    made, other = user.tell("workout.created", workout(program)), make_user()
    settle("program")
    told = [
        other.tell("workout.updated", {"workout_id": made, "name": "Mine"}),
        other.tell("workout.deleted", {"workout_id": made}),
        other.tell("workout.session.logged", {"workout_id": made, **SESSION}),
    ]
    mine = other.tell("program.created", {"name": "Mine"})
    taken = other.tell("workout.created", workout(mine), made)
    settle("program")

    assert {rejection(other, each) for each in told} == {("rejected", "workout_not_found")}
    assert rejection(other, taken) == ("rejected", "id_taken")
    assert [each["name"] for each in read(user, program)["workouts"]] == ["Legs"]


def test_full_program_takes_no_workout(
    user: User, program: str, settle: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_workouts, "MOST", 1)
    first, second = (user.tell("workout.created", workout(program)) for _ in range(2))
    settle("program")

    assert user.state(first)["status"] == "processed"
    assert rejection(user, second) == ("rejected", "too_many_workouts")


def test_session_is_kept_and_listed(
    user: User, program: str, settle: Callable[[str], None]
) -> None:
    made = user.tell("workout.created", workout(program))
    settle("program")
    user.tell("workout.deleted", {"workout_id": made})
    logged = user.tell("workout.session.logged", {"workout_id": made, **SESSION})
    settle("program")

    listed = user.call("GET", SESSIONS, program_id=program)
    assert listed.status == 200
    (found,) = listed.data["sessions"]
    assert (found["session_id"], found["workout_id"]) == (logged, made)
    assert (found["entries"], found["notes"]) == (SESSION["entries"], None)
    assert found["started_at"].startswith("2026-11-26T18:00:00")


def pages(user: User, path: str, thing: str, limit: int, **of: str) -> Iterator[list[Any]]:
    cursor = None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        reply = user.call("GET", path, query=query, **of)
        assert reply.status == 200, reply
        yield reply.data[thing]
        cursor = reply.data["next_cursor"]
        if cursor is None:
            return


def test_pages_are_stable_under_inserts(user: User, settle: Callable[[str], None]) -> None:
    made = [user.tell("program.created", {"name": f"{n}"}) for n in range(5)]
    settle("program")

    listed = []
    for page in pages(user, PROGRAMS, "programs", 2):
        listed += [each["program_id"] for each in page]
        user.tell("program.created", {"name": "Between"})
        settle("program")

    assert listed == made[::-1]


def beyond(program: str) -> str:
    """A cursor that is well made, with a number that its column cannot have."""
    rows = [{"position": 2**31, "workout_id": program}] * 2
    return str(WORKOUTS.page(rows, 1, program)[1])


def test_cursor_of_another_list_is_refused(
    user: User, program: str, settle: Callable[[str], None]
) -> None:
    second = user.tell("program.created", {"name": "Second"})
    made = user.tell("workout.created", workout(program))
    for _ in range(2):
        user.tell("workout.session.logged", {"workout_id": made, **SESSION})
    settle("program")
    of_programs = user.call("GET", PROGRAMS, query={"limit": 1}).data["next_cursor"]
    of_first = user.call("GET", SESSIONS, query={"limit": 1}, program_id=program)

    asked = [
        (SESSIONS, of_programs, {"program_id": program}),
        (SESSIONS, of_first.data["next_cursor"], {"program_id": second}),
        (PROGRAM, of_programs, {"program_id": program}),
        ("/api/v1/reminders", of_programs, {}),
        (PROGRAMS, of_programs[:-4], {}),
        (PROGRAMS, "nonsense", {}),
        (PROGRAM, beyond(program), {"program_id": program}),
    ]
    replies = [user.call("GET", path, query={"cursor": each}, **of) for path, each, of in asked]
    assert [reply.status for reply in replies] == [422] * len(asked)


@pytest.mark.parametrize(
    ("ended_at", "is_good"),
    [
        ("2026-11-27T18:00:00Z", True),
        ("2026-11-27T18:00:00.000001Z", False),
        ("2026-11-26T18:00:00Z", False),
        ("2026-11-26T17:59:59Z", False),
    ],
)
def test_session_ends_within_a_day(user: User, ended_at: str, is_good: bool) -> None:
    said = {"workout_id": str(uuid.uuid4()), **SESSION, "ended_at": ended_at}
    reply = user.call("POST", "/api/v1/notify/events", event("workout.session.logged", said))

    assert reply.status == (202 if is_good else 422)
    assert is_good or "data.ended_at" in reply.description


def test_update_that_says_nothing_is_refused(user: User) -> None:
    said = {"program_id": str(uuid.uuid4()), "expected_version": 1}
    reply = user.call("POST", "/api/v1/notify/events", event("program.updated", said))

    assert reply.status == 422
    assert "at least one of name, description, weeks" in reply.description
    assert "anyOf" in model_of("program.updated").model_json_schema()
