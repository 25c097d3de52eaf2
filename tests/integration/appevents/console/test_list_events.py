"""GET /app/events/list: events and uploads of all users, and nothing that they say."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.appevents.console import listing
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.console.written import STATES, Query, write_event, write_upload

Look = Callable[..., Any]


def found(answer: dict[str, Any]) -> dict[str, str]:
    return {row["event_id"]: row["state"] for row in answer["events"]}


def test_every_state_has_its_events(look: Look, query: Query) -> None:
    made = {write(query): state for state, write in STATES.items()}

    assert found(look("/events/list")) == made
    for event_id, state in made.items():
        answer = look("/events/list", states=state)
        wanted = {each: name for each, name in made.items() if name == state}
        assert found(answer) == wanted == {event_id: state}
        assert (answer["total"], answer["at_least"], answer["truncated"]) == (1, False, False)
    both = look("/events/list", states="in_queue,dead_lettered,failed")
    assert sorted(found(both).values()) == ["dead_lettered", "failed", "in_queue"]


def test_row_says_whose_and_why(look: Look, query: Query, user: User) -> None:
    event_id = write_event(query, "dm.message.sent", user_id=user.id, code="too_deep", age=9)
    upload = write_upload(query, "failed", user_id=user.id, age=5)

    first, second = look("/events/list")["events"]

    assert (second["event_id"], second["own_id"]) == (event_id, user.id)
    assert (second["stream"], second["event_type"]) == ("dm", "dm.message.sent")
    assert (second["reason"], second["lag_ms"]) == ("too_deep", None)
    assert (first["event_id"], first["stream"]) == (upload, "processing")
    assert (first["event_type"], first["reason"]) == ("upload", "damaged")


def test_nothing_is_shown_of_messages(look: Look, query: Query, user: User) -> None:
    user.tell("machine.note.saved", {"machine_id": "m", "body": "a secret"})
    for write in STATES.values():
        write(query)

    text = json.dumps(look("/events/list"))

    for hidden in ("a secret", "a private name", "a private title", "some words"):
        assert hidden not in text


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_follow_each_other(look: Look, query: Query, order: str) -> None:
    """Events and uploads come from two databases; each is on one page."""
    made = [
        write_upload(query, "processed", age=each) if each % 3 else write_event(query, age=each)
        for each in range(1, 12)
    ]
    pages, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = look("/events/list", order=order, limit=2, **more)
        pages.append(list(found(answer)))
        assert answer["total"] == (None if cursor else 11)
        if (cursor := answer["next_cursor"]) is None:
            break
        write_event(query)  # what is new changes no page behind

    listed = list(itertools.chain.from_iterable(pages))
    assert listed[:11] == (made if order == "newest" else made[::-1])


def test_filters_hold_together(look: Look, query: Query, user: User) -> None:
    mine = write_event(query, "comment.created", user_id=user.id, code="post_not_found", age=60)
    write_event(query, "comment.created", code="post_not_found", age=600)
    write_event(query, "comment.created", age=60)
    other = write_event(query, "interaction.liked", user_id=user.id, age=70)

    def listed(**filters: object) -> list[str]:
        return list(found(look("/events/list", **filters)))

    assert listed(event=user.id) == [mine, other]
    assert listed(event=mine) == [mine]
    assert len(listed(stream="video", event_types="comment.created")) == 3
    assert len(listed(reason="NOT_FOUND")) == 2
    assert listed(reason="%") == []
    (recent,) = listed(reason="post", **{"from": _ago(query, 100)})
    assert recent == mine
    assert len(listed(reason="post", to=_ago(query, 100))) == 1
    assert listed(stream="machine") == listed(stream="notification") == []
    assert listed(stream="processing") == listed(event=str(uuid.uuid4())) == []


def _ago(query: Query, seconds: float) -> str:
    (row,) = query("notify", "SELECT now() - make_interval(secs => %(s)s) AS at", s=seconds)
    return str(row["at"].isoformat())


def test_upload_is_found_by_its_id(look: Look, query: Query) -> None:
    upload, other = write_upload(query, "processed"), write_upload(query, "processed")

    assert list(found(look("/events/list", event=upload))) == [upload]
    assert list(found(look("/events/list", event_types="upload", order="oldest"))) == [
        upload,
        other,
    ]


def test_long_search_goes_on_by_cursor(
    look: Look, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks at so many rows; what lies behind is reached, and nothing is left out."""
    monkeypatch.setattr(listing, "LOOKED_AT", 3)
    rare = [write_event(query, "dm.message.sent", age=each * 10) for each in (2, 5)]
    for each in (1, 3, 4, 6, 7):
        write_event(query, age=each * 10)
    videos = [write_upload(query, "processed", age=each * 10 + 5) for each in range(1, 6)]

    listed, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        more = {"cursor": cursor} if cursor else {}
        answer = look("/events/list", event_types="dm.message.sent,upload", limit=2, **more)
        assert answer["truncated"] == (answer["next_cursor"] is not None and len(found(answer)) < 2)
        if pages == 0:
            assert answer["at_least"]
        listed += found(answer)
        cursor, pages = answer["next_cursor"], pages + 1

    assert listed == [videos[0], rare[0], videos[1], videos[2], videos[3], rare[1], videos[4]]
    assert pages > 3


BAD = {
    "states": {"states": "lost"},
    "stream": {"stream": "bank"},
    "event_types[0]": {"event_types": "machine.note.persisted"},
    "event": {"event": "not-an-id"},
    "limit": {"limit": 201},
    "cursor": {"cursor": "abc"},
    "reason": {"reason": "x" * 201},
    "from": {"from": "2026-02-31T00:00:00Z"},
    "from must be before to": {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
    "order": {"order": "random"},
    "payload_contains": {"payload_contains": "x"},
}


def test_bad_filters_are_named(ask: Callable[..., Reply]) -> None:
    for said, query in BAD.items():
        reply = ask("/events/list", **query)

        assert reply.status == 422, query
        assert said in reply.description


def test_users_may_not_look(user: User) -> None:
    for path in ("/app/overview", "/app/events/list"):
        assert user.call("GET", path).status == 403
        assert user.call("GET", path, headers={"Authorization": ""}).status == 401
