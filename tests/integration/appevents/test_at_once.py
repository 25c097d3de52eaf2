"""Functions of a service at the same time, each with connections of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.dm.consume import HANDLERS as OF_DM
from chalicelib.appevents.program import workouts as of_workouts
from chalicelib.appevents.program.consume import HANDLERS as OF_PROGRAM
from fintegrate.messaging.queue_function import QueueMessage
from tests.integration.appevents.conftest import User, event
from tests.support.threads import at_once
from tests.support.waiting import eventually

HANDLERS = {"dm": OF_DM, "program": OF_PROGRAM}
Query = Callable[..., list[dict[str, Any]]]
WRITERS = 16


def message(
    user: User,
    event_type: str,
    data: Any,
    event_id: str | None = None,
    sequence: int | None = None,
) -> QueueMessage:
    said = {**event(event_type, data, event_id), "user_id": user.id}
    headers = {} if sequence is None else {"sequence": sequence}
    body = json.dumps(said).encode()
    return QueueMessage(body, headers, said["client_generated_id"], False, "app")


def act(service: str, *batch: QueueMessage) -> dict[str, int]:
    """What a function of the service does with a batch; how many messages ended in which way."""
    return dict(wiring.inbox(service, HANDLERS[service]).settle(batch, lambda: 60.0))


def act_at_once(service: str, batches: Sequence[Sequence[QueueMessage]]) -> list[dict[str, int]]:
    """The same for several, each in a thread whose connection is open already."""
    database = wiring.parts().service(service).request.database
    ready = Barrier(len(batches))

    def run(batch: Sequence[QueueMessage]) -> dict[str, int]:
        database.execute("SELECT 1", {})
        ready.wait()
        return act(service, *batch)

    return at_once([partial(run, batch) for batch in batches], wiring.parts().close)


def answers(query: Query, service: str, event_type: str) -> list[dict[str, Any]]:
    sql = "SELECT data FROM outbox WHERE event_type = %(event_type)s ORDER BY id"
    return [row["data"] for row in query(service, sql, event_type=event_type)]


@pytest.fixture
def other(make_user: Callable[[], User]) -> User:
    return make_user()


def started(user: User, other: User) -> str:
    made = str(uuid.uuid4())
    act("dm", message(user, "dm.conversation.started", {"participant_ids": [other.id]}, made))
    return made


def said_in(conversation: str, user: User, event_id: str | None = None) -> QueueMessage:
    said = {"conversation_id": conversation, "body": "hello"}
    return message(user, "dm.message.sent", said, event_id)


def test_sequences_of_writers_have_no_gaps(user: User, other: User, query: Query) -> None:
    conversation = started(user, other)
    taken = str(uuid.uuid4())
    act("dm", said_in(conversation, user, taken))
    batches = [
        [
            said_in(conversation, user),
            said_in(conversation, other, taken),
            said_in(conversation, other),
        ]
        for _ in range(WRITERS)
    ]

    counts = act_at_once("dm", batches)

    assert [each["applied"] for each in counts] == [2] * WRITERS
    rows = query("dm", "SELECT sequence FROM messages ORDER BY sequence")
    assert [row["sequence"] for row in rows] == list(range(1, 2 * WRITERS + 2))
    told = answers(query, "dm", "dm.message.persisted")
    assert sorted(each["sequence"] for each in told) == list(range(1, 2 * WRITERS + 2))
    (last,) = query("dm", "SELECT last_sequence FROM conversations")
    assert last["last_sequence"] == 2 * WRITERS + 1


def test_writers_in_a_circle_lose_nothing(
    user: User, other: User, make_user: Callable[[], User], query: Query, pump: Callable[..., Any]
) -> None:
    both = started(user, other), started(user, make_user())
    batches = [
        [said_in(conversation, user) for conversation in both[:: 1 if n % 2 else -1]]
        for n in range(8)
    ]

    act_at_once("dm", batches)

    def are_written() -> bool:
        pump("dm")
        return len(query("dm", "SELECT 1 FROM messages")) == 16

    eventually(are_written, "what met a deadlock was tried again")
    for conversation in both:
        rows = query(
            "dm",
            "SELECT sequence FROM messages WHERE conversation_id = %(id)s ORDER BY sequence",
            id=conversation,
        )
        assert [row["sequence"] for row in rows] == list(range(1, 9))


def test_two_who_start_at_once_have_one_conversation(
    make_user: Callable[[], User], query: Query
) -> None:
    for _ in range(5):
        one, other = make_user(), make_user()
        starts = [
            [message(each, "dm.conversation.started", {"participant_ids": [with_.id]})]
            for each, with_ in ((one, other), (other, one)) * 4
        ]
        counts = act_at_once("dm", starts)

        assert [each["applied"] for each in counts] == [1] * 8
        rows = query(
            "dm",
            "SELECT DISTINCT conversation_id FROM participants WHERE user_id IN (%(one)s, %(other)s)",
            one=one.id,
            other=other.id,
        )
        told = answers(query, "dm", "dm.conversation.persisted")[-8:]
        assert [{"conversation_id": rows[0]["conversation_id"]}] * 8 == told
        assert len(rows) == 1


def test_highest_mark_stands(user: User, other: User, query: Query) -> None:
    conversation = started(user, other)
    act("dm", *[said_in(conversation, user) for _ in range(10)])
    marks = [
        [message(other, "dm.message.read", {"conversation_id": conversation, "up_to_sequence": n})]
        for n in (3, 9, 1, 7, 5, 2, 8, 4)
    ]

    act_at_once("dm", marks)

    sql = "SELECT read_up_to FROM participants WHERE user_id = %(user_id)s"
    assert query("dm", sql, user_id=other.id) == [{"read_up_to": 9}]


def programmed(user: User) -> str:
    made = str(uuid.uuid4())
    act("program", message(user, "program.created", {"name": "Strength"}, made))
    return made


def test_one_of_a_version_is_persisted(user: User, query: Query) -> None:
    program = programmed(user)
    changes = [
        [
            message(
                user,
                "program.updated",
                {"program_id": program, "expected_version": 1, "name": f"{n}"},
                sequence=n + 1,
            )
        ]
        for n in range(8)
    ]

    counts = act_at_once("program", changes)

    assert sum(each.get("applied", 0) for each in counts) == 1
    assert sum(each.get("dead", 0) for each in counts) == 7
    codes = {each["reason_code"] for each in answers(query, "program", "event.rejected")}
    assert codes == {"version_conflict"}
    assert query("program", "SELECT version FROM programs") == [{"version": 2}]


def test_latest_of_changes_stands(user: User, query: Query) -> None:
    program = programmed(user)
    order = [3, 8, 1, 6, 5, 2, 7, 4]
    changes = [
        [message(user, "program.updated", {"program_id": program, "name": f"{n}"}, sequence=n + 1)]
        for n in order
    ]

    counts = act_at_once("program", changes)

    assert [each["applied"] for each in counts] == [1] * len(order)
    assert query("program", "SELECT name FROM programs") == [{"name": "8"}]


def test_full_program_stays_full(user: User, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_workouts, "MOST", 3)
    program = programmed(user)
    said = {"program_id": program, "name": "Legs", "position": 0, "exercises": []}

    act_at_once("program", [[message(user, "workout.created", said)] for _ in range(8)])

    assert len(query("program", "SELECT 1 FROM workouts")) == 3
