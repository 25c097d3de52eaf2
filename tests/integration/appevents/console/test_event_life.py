"""GET /app/events/data: every step of an event and of an upload, and nothing that users wrote."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.appevents import wiring
from fintegrate.errors import Unavailable
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.console.written import (
    STATES,
    Query,
    write_event,
    write_letter,
    write_upload,
)
from tests.support.schedules import run_schedule

Look = Callable[..., Any]
NOTE = {"machine_id": "leg-press-2", "body": "Seat on 4"}


def steps(life: dict[str, Any]) -> list[str]:
    return [step["step"] for step in life["timeline"]]


def facts(life: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in life["facts"]}


def test_processed_event_has_every_step(
    look: Look, user: User, settle: Callable[[str], None]
) -> None:
    told = user.tell("machine.note.saved", NOTE)
    settle("machine")

    life = look("/events/data", event_id=told)

    assert life["event_id"] == f"{told}.{user.id}"
    assert (life["state"], life["stream"]) == ("processed", "machine")
    assert sorted(steps(life)) == ["accepted", "delivered", "processed", "published"]
    assert steps(life)[:2] == ["accepted", "published"]
    held = life["durations"]
    assert held["ours_ms"] + held["queue_ms"] == held["total_ms"]
    assert held["held_back_ms"] is held["bank_ms"] is None
    assert facts(life)["user"] == user.id
    assert facts(life)["outcome"] == "machine.note.persisted"
    assert life["payload"] is None


def test_dead_event_tells_what_to_do(look: Look, user: User, settle: Callable[[str], None]) -> None:
    told = user.tell("comment.created", {"post_id": user.id, "body": "Nice!"})
    settle("video")
    run_schedule("app_sweep_dead_letters")

    life = look("/events/data", event_id=told)

    assert life["state"] == "dead_lettered"
    assert {"rejected", "dead_lettered", "delivered"} <= set(steps(life))
    (step,) = (each for each in life["timeline"] if each["step"] == "dead_lettered")
    assert step["by"] == "app_video"
    assert step["words"].startswith("post_not_found: ")
    assert uuid.UUID(facts(life)["dead letter"])


def test_redriven_letter_is_a_step(look: Look, query: Query) -> None:
    event_id = write_event(query, code="gave_up", age=5)
    write_letter(query, event_id, is_open=False)

    life = look("/events/data", event_id=event_id)

    assert life["state"] == "rejected"
    assert steps(life)[-1] == "redriven"
    assert "dead letter" not in facts(life)


def test_letter_of_nothing_can_be_read(look: Look, query: Query) -> None:
    letter = write_letter(query, None, "notification", "not_json")
    (group,) = look("/events/failures")["groups"]

    life = look("/events/data", event_id=group["sample_event_id"])

    assert life["event_id"] == f"letter-{letter}"
    assert (life["state"], life["stream"]) == ("dead_lettered", "notification")
    assert facts(life) == {"dead letter": letter}
    assert [step["words"] for step in life["timeline"]] == ["not_json: some words; after 5 retries"]


def test_payload_is_shown_by_its_kinds(look: Look, user: User) -> None:
    said = {"post_id": user.id, "body": "Nice!"}
    told = user.tell("comment.created", said)
    sealed = user.tell("feed.access.attempt", {"feed_owner_id": user.id, "passcode": "1234"})

    shown = look("/events/data", event_id=told, payload="true")
    secret = look("/events/data", event_id=sealed, payload="true")

    assert shown["payload"] == {"post_id": user.id, "body": "text, 5 characters"}
    assert secret["payload"]["passcode"] == "sealed"
    assert "Nice!" not in json.dumps(shown)


def test_waiting_event_says_behind_whom(look: Look, query: Query, user: User) -> None:
    write_event(query, user_id=user.id, published=False, age=9)
    later = write_event(query, user_id=user.id, published=False, age=8, words="nacked")

    life = look("/events/data", event_id=later)

    assert (life["state"], life["reason"]) == ("waiting", "nacked")
    assert facts(life)["waits behind"] == "1"
    assert life["durations"]["ours_ms"] >= 8_000
    assert steps(life) == ["accepted"]


def test_every_view_tells_one_state(look: Look, query: Query) -> None:
    made = {write(query): state for state, write in STATES.items()}

    for event_id, state in made.items():
        (hit,) = look("/events/search", q=event_id)["hits"]
        assert look("/events/data", event_id=event_id)["state"] == state
        assert hit["title"].endswith(f", {state}")


def test_one_id_of_two_users_is_two(look: Look, query: Query, user: User) -> None:
    """Every view tells them apart, and opens the one that it shows; an id alone is the newest's."""
    own_id = str(uuid.uuid4())
    old = write_event(query, user_id=user.id, event_id=own_id, age=5, code="gave_up")
    new = write_event(query, "dm.message.sent", event_id=own_id, code="too_deep")
    same = write_event(query, user_id=own_id, event_id=own_id, age=9)
    write_letter(query, old)

    rows = look("/events/list", event=own_id)["events"]
    hits = look("/events/search", q=own_id)["hits"]
    groups = look("/events/failures")["groups"]

    opened = [look("/events/data", event_id=row["event_id"]) for row in rows]
    assert [each["event_id"] for each in opened] == [new, old, same]
    assert [{name: each[name] for name in row} for each, row in zip(opened, rows, strict=True)] == [
        {**row, "lag_ms": each["lag_ms"]} for each, row in zip(opened, rows, strict=True)
    ]
    assert facts(opened[1])["users with this id"] == "3"
    assert {hit["link"] for hit in hits if hit["kind"] == "event"} == {
        f"/event?event_id={each}" for each in (new, old, same)
    }
    assert {each["sample_event_id"] for each in groups} == {new, old}
    assert look("/events/data", event_id=own_id.upper())["event_id"] == new
    assert look("/events/data", event_id=own_id, user_id=user.id)["event_id"] == old
    for each in (old, same):
        assert [row["event_id"] for row in look("/events/list", event=each)["events"]] == [each]
        assert [hit["id"] for hit in look("/events/search", q=each.upper())["hits"]] == [each]


UPLOADS = {
    "awaiting_upload": ["presigned"],
    "processing": ["presigned", "uploaded"],
    "processed": ["presigned", "uploaded", "processed"],
    "failed": ["presigned", "uploaded", "failed"],
    "expired": ["presigned", "expired"],
}


def test_upload_has_its_steps(look: Look, query: Query) -> None:
    for status, expected in UPLOADS.items():
        upload = write_upload(query, status, age=60, uploaded_age=30)

        life = look("/events/data", event_id=upload)

        assert steps(life) == expected
        held = life["durations"]["total_ms"]
        assert 59_000 < held < 90_000
        queue = life["durations"]["queue_ms"]
        assert queue is None if "uploaded" not in expected else 29_000 < queue < 59_000
        assert "private" not in json.dumps(life)


def test_upload_and_its_event_know_each_other(look: Look, query: Query, user: User) -> None:
    upload = write_upload(query, "uploaded", user_id=user.id)
    asked = upload.removeprefix("upload-")
    event_id = write_event(query, "media.upload_requested", event_id=asked, user_id=user.id)

    (of_event,) = look("/events/data", event_id=event_id)["siblings"]
    (of_upload,) = look("/events/data", event_id=upload)["siblings"]

    assert of_event == {"event_id": upload, "stream_name": "processing", "state": "uploaded"}
    assert (of_upload["event_id"], of_upload["stream_name"]) == (event_id, "video")


def test_event_is_read_without_its_service(
    look: Look, query: Query, running: wiring.Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id = write_event(query, processed=True)

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("away")

    monkeypatch.setattr(running.service("machine").request.database, "fetch_one", away)

    assert steps(look("/events/data", event_id=event_id)) == ["accepted", "published", "processed"]


def test_what_does_not_exist_is_not_found(
    ask: Callable[..., Reply], query: Query, user: User
) -> None:
    event_id, upload = write_event(query), write_upload(query, "processed")

    for wanted in (
        {"event_id": str(uuid.uuid4())},
        {"event_id": f"upload-{event_id[:36]}"},
        {"event_id": f"{event_id[:36]}.{user.id}"},
        {"event_id": upload.removeprefix("upload-")},
        {"event_id": event_id, "user_id": user.id},
    ):
        assert ask("/events/data", **wanted).status == 404, wanted
    for wrong in ("", "upload-", "x" * 300, f"{event_id} OR 1=1", f"upload-{event_id}", "\0"):
        assert ask("/events/data", event_id=wrong).status == 422, wrong
