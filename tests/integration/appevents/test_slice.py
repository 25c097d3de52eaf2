"""From a phone to its outcome: accepted, published in order, acted on once, readable."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.appevents.conftest import Reply, User, event
from tests.support.waiting import eventually

EVENTS, BATCH = "/api/v1/notify/events", "/api/v1/notify/events/batch"
NOTE = {"machine_id": "leg-press-2", "body": "Seat on 4"}
NOTES = "/api/v1/machines/{machine_id}/notes"


def notes(user: User) -> list[str]:
    reply = user.call("GET", NOTES, machine_id="leg-press-2")
    assert reply.status == 200, reply
    return [note["body"] for note in reply.data["notes"]]


def test_event_is_acted_on_and_told(user: User, settle: Callable[[str], None]) -> None:
    told = user.tell("machine.note.saved", NOTE)
    assert user.state(told)["status"] == "published"

    settle("machine")

    state = user.state(told)
    assert (state["status"], state["outcome"]["event_type"]) == (
        "processed",
        "machine.note.persisted",
    )
    assert state["outcome"]["data"] == {
        "note_id": told,
        "machine_id": "leg-press-2",
        "deleted": False,
    }
    assert notes(user) == ["Seat on 4"]


def test_event_told_again_is_a_duplicate(
    user: User, settle: Callable[[str], None], query: Callable[..., list[dict[str, Any]]]
) -> None:
    told = user.tell("machine.note.saved", NOTE)
    settle("machine")

    again = user.call("POST", EVENTS, event("machine.note.saved", NOTE, told))

    assert (again.status, again.data["duplicate"], again.data["status"]) == (202, True, "processed")
    settle("machine")
    assert len(notes(user)) == 1
    assert len(query("machine", "SELECT 1 FROM idempotency_keys")) == 1


def test_other_content_is_refused(user: User) -> None:
    told = user.tell("machine.note.saved", NOTE)

    other = user.call("POST", EVENTS, event("machine.note.saved", {**NOTE, "body": "no"}, told))

    assert other.status == 409
    assert user.state(told)["status"] == "published"


def test_ids_of_users_never_meet(
    make_user: Callable[[], User], settle: Callable[[str], None]
) -> None:
    one, other = make_user(), make_user()
    same = str(uuid.uuid4())
    one.tell("equipment.prefs.submitted", {"machine_id": "m", "prefs": {"seat": 1}}, same)
    other.tell("equipment.prefs.submitted", {"machine_id": "m", "prefs": {"seat": 2}}, same)
    settle("machine")

    seats = [
        user.call("GET", "/api/v1/machines/{machine_id}/prefs", machine_id="m").data["prefs"]
        for user in (one, other)
    ]
    assert seats == [{"seat": 1}, {"seat": 2}]
    assert [user.state(same)["status"] for user in (one, other)] == ["processed"] * 2


def test_taken_id_is_rejected(make_user: Callable[[], User], settle: Callable[[str], None]) -> None:
    one, other = make_user(), make_user()
    same = one.tell("machine.note.saved", NOTE)
    other.tell("machine.note.saved", NOTE, same)
    settle("machine")

    state = other.state(same)
    assert (state["status"], state["reason"]) == ("rejected", "id_taken")
    assert state["outcome"]["data"]["reason"] == "Another note has this id"
    assert (notes(one), notes(other)) == (["Seat on 4"], [])


def test_batch_judges_each_event(user: User, settle: Callable[[str], None]) -> None:
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    reply = user.call(
        "POST",
        BATCH,
        {
            "events": [
                event("machine.note.saved", {**NOTE, "body": "1"}, first),
                event("machine.note.saved", {**NOTE, "body": ""}, second),
                event("machine.note.saved", {**NOTE, "body": "1"}, first),
                event("machine.note.saved", {**NOTE, "body": "2"}, first),
                "no event",
                event("event.rejected", {}),
                event("machine.note.saved", {**NOTE, "body": "3"}),
            ]
        },
    )

    assert reply.status == 200
    statuses = [result["status"] for result in reply.data["results"]]
    assert statuses == [
        "accepted",
        "invalid",
        "duplicate",
        "conflict",
        "invalid",
        "invalid",
        "accepted",
    ]
    assert reply.data["results"][1]["error"].startswith("data.body: ")
    settle("machine")
    assert sorted(notes(user)) == ["1", "3"]


def test_sequences_have_no_gaps(user: User, query: Callable[..., list[dict[str, Any]]]) -> None:
    same = user.tell("machine.note.saved", NOTE)
    events = [event("machine.note.saved", NOTE, same)]
    events += [event("machine.note.saved", NOTE) for _ in range(3)]
    user.call("POST", BATCH, {"events": events})
    user.tell("machine.note.saved", NOTE)

    rows = query("notify", "SELECT sequence FROM events ORDER BY id")
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4, 5]


def test_deleted_note_waits_for_its_own(
    user: User, settle: Callable[[str], None], settle_once: Callable[[str], None]
) -> None:
    note = str(uuid.uuid4())
    deleted = user.tell("machine.note.deleted", {"note_id": note})
    settle_once("machine")
    assert user.state(deleted)["outcome"] is None
    user.tell("machine.note.saved", NOTE, note)

    def is_settled() -> bool:
        settle("machine")
        return user.state(deleted)["outcome"] is not None

    eventually(is_settled, "the deletion was tried again")
    assert user.state(deleted)["status"] == "processed"
    assert notes(user) == []


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"user_id": str(uuid.uuid4())}, 403, "user_id"),
        ({"event_type": "machine.note.persisted"}, 422, "event_type"),
        ({"event_type": "no.such"}, 422, "event_type"),
        ({"schema_version": "2.0.0"}, 422, "schema_version"),
        ({"data": {**NOTE, "more": 1}}, 422, "data.more"),
        ({"data": {**NOTE, "body": "\0"}}, 422, "data.body"),
        ({"data": {**NOTE, "body": "x" * 70_000}}, 413, "65536"),
        ({"timestamp": "yesterday"}, 422, "timestamp"),
        ({"more": 1}, 422, "more"),
    ],
)
def test_wrong_events_are_refused(
    user: User, wrong: dict[str, Any], status: int, said: str
) -> None:
    reply = user.call("POST", EVENTS, event("machine.note.saved", NOTE) | wrong)

    assert (reply.status, said in reply.description) == (status, True), reply


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_callers_without_token_are_refused(user: User, token: str) -> None:
    user.token = token
    headers = {"Authorization": f"Bearer {token}" if token else ""}

    reply: Reply = user.call("GET", EVENTS, headers=headers)

    assert reply.status == 401
    assert "oken" in reply.description


def test_events_are_listed_by_status(user: User, settle: Callable[[str], None]) -> None:
    done = user.tell("machine.note.saved", NOTE)
    settle("machine")
    waiting = [user.tell("machine.note.saved", NOTE) for _ in range(2)]

    first = user.call("GET", EVENTS, query={"limit": 2})
    rest = user.call("GET", EVENTS, query={"limit": 2, "cursor": first.data["next_cursor"]})
    listed = [each["client_generated_id"] for each in first.data["events"] + rest.data["events"]]
    assert listed == [*waiting[::-1], done]
    processed = user.call("GET", EVENTS, query={"status": "processed"})
    assert [each["client_generated_id"] for each in processed.data["events"]] == [done]
    asked = user.call("POST", f"{EVENTS}/status", {"ids": [done, str(uuid.uuid4())]})
    assert [each["status"] for each in asked.data["events"]] == ["processed"]


def test_cursor_of_another_machine_is_refused(user: User, settle: Callable[[str], None]) -> None:
    for body in ("1", "2", "3"):
        user.tell("machine.note.saved", {**NOTE, "body": body})
    settle("machine")
    first = user.call("GET", NOTES, query={"limit": 2}, machine_id="leg-press-2").data
    query = {"cursor": first["next_cursor"]}

    rest = user.call("GET", NOTES, query=query, machine_id="leg-press-2").data
    assert len(first["notes"] + rest["notes"]) == 3
    assert user.call("GET", NOTES, query=query, machine_id="leg-press-3").status == 422
