"""Conversations and messages: who may say and read what, and in which order."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.appevents.dm import conversations
from tests.integration.appevents.conftest import Tell, User, event
from tests.support.waiting import eventually

CONVERSATIONS = "/api/v1/conversations"
MESSAGES = "/api/v1/conversations/{conversation_id}/messages"
Settle = Callable[[str], None]


def start(user: User, *others: User) -> str:
    ids = [other.id for other in others]
    return user.tell("dm.conversation.started", {"participant_ids": ids})


def say(user: User, conversation_id: str, body: str) -> str:
    said = {"conversation_id": conversation_id, "body": body}
    return user.tell("dm.message.sent", said)


def conversation_of(user: User, told: str) -> str:
    return str(user.state(told)["outcome"]["data"]["conversation_id"])


def listed(user: User, **query: object) -> list[Any]:
    reply = user.call("GET", CONVERSATIONS, query=query)
    assert reply.status == 200, reply
    return list(reply.data["conversations"])


def read(user: User, conversation_id: str, **query: object) -> Any:
    reply = user.call("GET", MESSAGES, query=query, conversation_id=conversation_id)
    assert reply.status == 200, reply
    return reply.data


def said_in(user: User, conversation_id: str, **query: object) -> list[str]:
    return [each["body"] for each in read(user, conversation_id, **query)["messages"]]


def rejection(user: User, told: str) -> tuple[str, str | None]:
    state = user.state(told)
    return state["status"], state["reason"]


@pytest.fixture
def other(make_user: Callable[[], User]) -> User:
    return make_user()


@pytest.fixture
def pair(user: User, other: User, settle: Settle) -> str:
    """A conversation of the user with the other."""
    made = start(user, other)
    settle("dm")
    return made


def test_conversation_is_both_peoples(user: User, other: User, pair: str) -> None:
    assert user.state(pair)["outcome"]["data"] == {"conversation_id": pair}
    for each in (user, other):
        (found,) = listed(each)
        assert found["conversation_id"] == pair
        assert set(found["participant_ids"]) == {user.id, other.id}
        assert (found["last_sequence"], found["unread_count"]) == (0, 0)


def test_two_people_have_one_conversation(
    user: User, other: User, pair: str, settle: Settle
) -> None:
    again, back = start(user, other), start(other, user)
    settle("dm")

    assert conversation_of(user, again) == conversation_of(other, back) == pair
    assert [len(listed(each)) for each in (user, other)] == [1, 1]


def test_start_of_a_conversation_that_is_there_names_it(
    user: User, other: User, pair: str, settle: Settle
) -> None:
    own = start(other, user)
    told = say(other, own, "from the train")
    settle("dm")

    assert other.state(told)["outcome"]["data"]["conversation_id"] == pair
    assert said_in(user, pair) == said_in(other, own) == ["from the train"]
    assert user.call("GET", MESSAGES, conversation_id=own).status == 404


def test_groups_are_conversations_of_their_own(
    user: User, make_user: Callable[[], User], settle: Settle
) -> None:
    others = [make_user() for _ in range(9)]
    one, two = start(user, *others), start(user, *others)
    settle("dm")

    assert {each["conversation_id"] for each in listed(others[8])} == {one, two}
    assert len(listed(user)[0]["participant_ids"]) == 10


@pytest.mark.parametrize("wrong", ["none", "ten", "twice", "myself"])
def test_wrong_participants_are_refused(user: User, other: User, wrong: str) -> None:
    ids = {
        "none": [],
        "ten": [str(uuid.uuid4()) for _ in range(10)],
        "twice": [other.id, other.id.upper()],
        "myself": [user.id],
    }[wrong]
    said = event("dm.conversation.started", {"participant_ids": ids})
    reply = user.call("POST", "/api/v1/notify/events", said)

    assert (reply.status, "data.participant_ids" in reply.description) == (422, True), reply


def test_sender_among_participants_is_rejected_on_the_exchange(
    user: User, tell: Tell, settle: Settle, left_in: Callable[[str], int]
) -> None:
    tell(user, "dm.conversation.started", {"participant_ids": [user.id]})
    settle("dm")

    assert left_in("app.dm.dlq") == 1
    assert listed(user) == []


def test_id_of_another_is_taken(user: User, other: User, pair: str, settle: Settle) -> None:
    told = say(user, pair, "mine")
    other.tell("dm.conversation.started", {"participant_ids": [str(uuid.uuid4())]}, pair)
    other.tell("dm.message.sent", {"conversation_id": pair, "body": "too"}, told)
    settle("dm")
    later = say(other, pair, "later")
    settle("dm")

    assert {rejection(other, each) for each in (pair, told)} == {("rejected", "id_taken")}
    assert other.state(later)["outcome"]["data"]["sequence"] == 2
    assert said_in(other, pair) == ["later", "mine"]


def test_stranger_is_told_nothing(
    make_user: Callable[[], User], pair: str, settle: Settle, settle_once: Settle
) -> None:
    stranger, nobodys = make_user(), str(uuid.uuid4())
    told = [
        say(stranger, pair, "hello"),
        stranger.tell("dm.message.read", {"conversation_id": pair, "up_to_sequence": 1}),
    ]
    unknown = say(stranger, nobodys, "hello")
    settle_once("dm")

    assert {rejection(stranger, each) for each in told} == {("rejected", "conversation_not_found")}
    assert stranger.state(unknown)["outcome"] is None  # its own event may still wait

    def is_settled() -> bool:
        settle("dm")
        return stranger.state(unknown)["outcome"] is not None

    eventually(is_settled, "the last try ended")
    first, last = (stranger.state(each)["outcome"]["data"] for each in (told[0], unknown))
    assert first == last
    replies = [stranger.call("GET", MESSAGES, conversation_id=each) for each in (pair, nobodys)]
    assert {(reply.status, reply.description) for reply in replies} == {
        (404, "There is no such conversation")
    }
    assert listed(stranger) == []


def test_message_waits_for_its_conversation(
    user: User, other: User, settle: Settle, settle_once: Settle
) -> None:
    conversation = str(uuid.uuid4())
    told = say(user, conversation, "early")
    settle_once("dm")
    assert user.state(told)["outcome"] is None
    user.tell("dm.conversation.started", {"participant_ids": [other.id]}, conversation)

    def is_settled() -> bool:
        settle("dm")
        return user.state(told)["outcome"] is not None

    eventually(is_settled, "the message was tried again")
    assert user.state(told)["outcome"]["data"] == {
        "conversation_id": conversation,
        "message_id": told,
        "sequence": 1,
    }
    assert said_in(other, conversation) == ["early"]


def test_messages_are_read_both_ways(user: User, other: User, pair: str, settle: Settle) -> None:
    for n in range(1, 8):
        say((user, other)[n % 2], pair, f"{n}")
    settle("dm")
    everything = read(user, pair)["messages"]

    in_order = sorted(everything, key=lambda each: each["sequence"])
    assert [each["sequence"] for each in in_order] == list(range(1, 8))
    assert everything == in_order[::-1]
    assert read(other, pair, after_sequence=0)["messages"] == in_order
    assert read(other, pair, after_sequence=3, limit=2)["messages"] == in_order[3:5]
    assert read(other, pair, before_sequence=3)["messages"] == in_order[1::-1]
    assert {each["sender_id"] for each in everything} == {user.id, other.id}


@pytest.mark.parametrize(
    ("start_at", "expected"),
    [
        ({}, list("54321")),
        ({"after_sequence": 0}, list("12345")),
        ({"before_sequence": 4}, list("321")),
    ],
)
def test_pages_go_on_in_their_direction(
    user: User, pair: str, settle: Settle, start_at: dict[str, int], expected: list[str]
) -> None:
    for n in range(1, 6):
        say(user, pair, f"{n}")
        settle("dm")

    page = read(user, pair, limit=2, **start_at)
    found = [each["body"] for each in page["messages"]]
    if "after_sequence" not in start_at:
        say(user, pair, "between")
        settle("dm")
    while page["next_cursor"]:
        page = read(user, pair, limit=2, cursor=page["next_cursor"])
        found += [each["body"] for each in page["messages"]]
    assert found == expected


def test_cursors_of_other_lists_are_refused(
    user: User, other: User, make_user: Callable[[], User], pair: str, settle: Settle
) -> None:
    second = start(user, make_user())
    for each in (pair, pair, second):
        say(user, each, "hello")
    settle("dm")
    older = read(user, pair, limit=1)["next_cursor"]
    of_all = user.call("GET", CONVERSATIONS, query={"limit": 1}).data["next_cursor"]
    asked: list[tuple[str, dict[str, object]]] = [
        (pair, {"cursor": of_all}),
        (second, {"cursor": older}),
        (pair, {"cursor": older, "after_sequence": 0}),
        (pair, {"after_sequence": 1, "before_sequence": 5}),
        (pair, {"after_sequence": -1}),
        (pair, {"cursor": older[:-6]}),
    ]

    replies = [
        user.call("GET", MESSAGES, query=query, conversation_id=conversation)
        for conversation, query in asked
    ]
    assert [reply.status for reply in replies] == [422] * len(asked)
    assert user.call("GET", CONVERSATIONS, query={"cursor": older}).status == 422


def test_newest_activity_comes_first(
    user: User, make_user: Callable[[], User], settle: Settle
) -> None:
    made = [start(user, make_user()) for _ in range(3)]
    settle("dm")
    say(user, made[0], "news")
    settle("dm")

    first = user.call("GET", CONVERSATIONS, query={"limit": 2}).data
    assert [each["conversation_id"] for each in first["conversations"]] == [made[0], made[2]]
    say(user, made[2], "between")
    start(user, make_user())
    settle("dm")
    rest = listed(user, limit=2, cursor=first["next_cursor"])
    assert [each["conversation_id"] for each in rest] == [made[1]]


def test_unread_messages_are_those_of_others(
    user: User, other: User, pair: str, settle: Settle
) -> None:
    for n, sender in enumerate((user, other, user, user)):
        say(sender, pair, f"{n}")
    settle("dm")
    assert [listed(each)[0]["unread_count"] for each in (user, other)] == [1, 3]

    other.tell("dm.message.read", {"conversation_id": pair, "up_to_sequence": 3})
    settle("dm")

    assert [listed(each)[0]["unread_count"] for each in (user, other)] == [1, 1]


def test_counting_unread_messages_ends(
    user: User, other: User, pair: str, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MOST_UNREAD", 2)
    for n in range(3):
        say(user, pair, f"{n}")
    settle("dm")

    assert listed(other)[0]["unread_count"] == 2


def test_read_mark_never_goes_back(user: User, other: User, pair: str, settle: Settle) -> None:
    said = [say(user, pair, f"{n}") for n in range(3)]
    settle("dm")
    told = []
    for up_to in (2, 1, 99):
        read_up_to = {"conversation_id": pair, "up_to_sequence": up_to}
        told.append(other.tell("dm.message.read", read_up_to))
        settle("dm")

    outcomes = [other.state(each)["outcome"]["data"] for each in told]
    assert [each["sequence"] for each in outcomes] == [2, 2, 3]
    assert [each["message_id"] for each in outcomes] == [said[1], said[1], said[2]]
    assert listed(other)[0]["read_up_to"] == 3


def test_mark_in_an_empty_conversation_is_zero(user: User, pair: str, settle: Settle) -> None:
    told = user.tell("dm.message.read", {"conversation_id": pair, "up_to_sequence": 1})
    settle("dm")

    assert user.state(told)["outcome"]["data"] == {
        "conversation_id": pair,
        "message_id": None,
        "sequence": 0,
    }


def test_message_is_kept_as_sent(user: User, other: User, pair: str, settle: Settle) -> None:
    body = "👩‍👩‍👧 שלום\n" + "𝄞" * 100
    say(user, pair, body)
    settle("dm")

    assert said_in(other, pair) == [body]
