"""GET /app/events/search and /app/events/failures: by an id or a name, and by cause."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.appevents.console import failures
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.console.written import (
    Query,
    write_event,
    write_letter,
    write_upload,
)
from tests.support.plans import rows_read

Look = Callable[..., Any]


def hits(look: Look, text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = look("/events/search", q=text)["hits"]
    return found


def groups(look: Look, **asked: object) -> dict[tuple[str, ...], int]:
    return {
        (each["stream"], each["stage"], each["event_type"], each["reason"]): each["events"]
        for each in look("/events/failures", **asked)["groups"]
    }


def test_each_kind_is_found(look: Look, query: Query, user: User) -> None:
    event_id = write_event(query, user_id=user.id, code="gave_up")
    upload = write_upload(query, "processed", user_id=user.id)
    letter, of_nothing = write_letter(query, event_id), write_letter(query, None, "dm")

    (event,) = hits(look, f" {event_id[:36].upper()} ")
    assert (event["kind"], event["link"]) == ("event", f"/event?event_id={event_id}")
    assert event["title"] == "machine.note.saved, dead_lettered"
    for text in (upload, upload.removeprefix("upload-")):
        (hit,) = hits(look, text)
        assert (hit["kind"], hit["id"]) == ("upload", upload)
    (owner,) = hits(look, user.id)
    assert (owner["kind"], owner["link"]) == ("user", f"/events?event={user.id}")
    assert [each["link"] for each in hits(look, letter)] == [event["link"]]
    assert hits(look, of_nothing)[0]["link"] == f"/event?event_id=letter-{of_nothing}"


def test_search_reads_no_page(look: Look, query: Query, user: User) -> None:
    """A user with many events is one hit; of one id no more are read than are shown."""
    for _ in range(25):
        write_event(query, user_id=user.id)
    shared = str(uuid.uuid4())
    for _ in range(25):
        write_event(query, event_id=shared)
    uploader = str(uuid.uuid4())
    write_upload(query, "processed", user_id=uploader)

    with rows_read({"page", "total"}) as pages, rows_read({"events", "is_user"}) as read:
        assert [each["kind"] for each in hits(look, user.id)] == ["user"]
        assert [each["kind"] for each in hits(look, uploader)] == ["user"]
        assert len(hits(look, shared)) == 20

    assert pages == {}
    assert max(read.values()) <= 20


def test_functions_are_found_by_name(look: Look) -> None:
    assert [each["id"] for each in hits(look, "App_Pro")] == ["processing", "program"]
    assert hits(look, "machine")[0]["link"] == "/events?stream=machine"


def test_what_is_nothing_is_not_found(look: Look, ask: Callable[..., Reply]) -> None:
    for text in (str(uuid.uuid4()), "%", "' OR 1=1", "<script>", "e" * 32, "upload-"):
        assert hits(look, text) == [], text
    for wrong in ("", "x" * 201, "\0", "\u202e"):
        assert ask("/events/search", q=wrong).status == 422, wrong


def test_failures_are_grouped_by_cause(look: Look, query: Query) -> None:
    for _ in range(2):
        write_letter(query, write_event(query, code="gave_up", age=60))
    write_event(query, code="id_taken", age=60)
    write_event(query, "comment.created", code="post_not_found", age=3_000)
    write_event(query, processed=True)
    write_letter(query, write_event(query, "dm.message.sent"), "dm", "crashed")
    write_letter(query, None, "notification", "not_json")
    write_upload(query, "failed", age=60, code="damaged")

    assert groups(look) == {
        ("machine", "dead_lettered", "machine.note.saved", "gave_up"): 2,
        ("machine", "rejected", "machine.note.saved", "id_taken"): 1,
        ("video", "rejected", "comment.created", "post_not_found"): 1,
        ("dm", "dead_lettered", "dm.message.sent", "crashed"): 1,
        ("notification", "dead_lettered", None, "not_json"): 1,
        ("processing", "failed", "upload", "damaged"): 1,
    }
    ids = {each["failure_group"] for each in look("/events/failures")["groups"]}
    assert len(ids) == 6
    of_machine = look("/events/failures", stream="machine")["groups"]
    assert len(ids & {each["failure_group"] for each in of_machine}) == 2
    assert [each["events"] for each in of_machine] == [2, 1]
    assert groups(look, stream="processing").keys() == {
        ("processing", "failed", "upload", "damaged")
    }
    (row,) = query("notify", "SELECT now() - interval '10 minutes' AS at")
    assert ("video", "rejected", "comment.created", "post_not_found") not in groups(
        look, **{"from": row["at"].isoformat()}
    )


def test_group_leads_to_its_newest(look: Look, query: Query) -> None:
    write_event(query, code="id_taken", age=60)
    newest = write_event(query, code="id_taken", age=30)

    answer = look("/events/failures")

    (group,) = answer["groups"]
    assert group["sample_event_id"] == newest
    assert group["first_at"] < group["last_at"]
    assert (answer["rest"], answer["truncated"]) == (None, False)
    assert "some words" not in json.dumps(answer)


def test_many_causes_are_bounded(look: Look, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "GROUPS", 2)
    monkeypatch.setattr(failures, "MOST", 5)
    for number in range(6):
        write_event(query, code=f"code_{number}", age=number)

    answer = look("/events/failures")

    assert [each["reason"] for each in answer["groups"]] == ["code_0", "code_1"]
    assert (answer["rest"], answer["truncated"]) == ({"events": 3, "groups": 3}, True)


def test_each_kind_says_its_bound(
    look: Look, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups of several kinds are not added up, and letters that tell nothing new count too."""
    monkeypatch.setattr(failures, "MOST", 3)
    for _ in range(2):
        write_event(query, code="id_taken")
        write_letter(query, None, "notification", "not_json")
        write_upload(query, "failed")

    assert not look("/events/failures")["truncated"]
    for _ in range(3):
        write_letter(query, write_event(query, "comment.created", code="gave_up"), "video")

    assert look("/events/failures", stream="video")["truncated"]
    assert not look("/events/failures", stream="machine")["truncated"]
    assert groups(look, stream="machine").keys() == {
        ("machine", "rejected", "machine.note.saved", "id_taken")
    }
    assert not look("/events/failures", stream="notification")["truncated"]


def test_users_may_not_find(user: User) -> None:
    for path in ("data", "search", "failures"):
        assert user.call("GET", f"/app/events/{path}", query={"q": "x"}).status == 403
