"""GET /app/overview: what waits, what needs somebody, and the last hour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.console import history
from chalicelib.appevents.console.read_overview import ANSWERS
from fintegrate.errors import Unavailable
from local.banking.in_process import api_event, invoke
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.console.written import Query, write_event, write_upload
from tests.support.schedules import run_schedule

NOTE = {"machine_id": "leg-press-2", "body": "Seat on 4"}
Look = Callable[..., Any]


def row_of(answer: dict[str, Any], stream: str) -> dict[str, Any]:
    (row,) = (each for each in answer["streams"] if each["stream"] == stream)
    return dict(row)


def conditions(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(each["condition"], each["stream"]) for each in answer["attention"]]


def test_idle_system_needs_nobody(look: Look) -> None:
    answer = look("/overview")

    assert answer["verdict"]["level"] == "ok"
    assert answer["attention"] == []
    assert {row["sentence"] for row in answer["streams"]} == {
        "Nothing waits",
        "Every outcome is written down",
    }
    assert {server["name"] for server in answer["system"]["servers"]} == {
        "database",
        "broker",
        "cache",
    }
    assert "app_resend" in {line["name"] for line in answer["system"]["schedules"]}
    assert len(answer["last_hour"]) == 60


def test_event_passes_the_pipeline(
    look: Look, user: User, settle: Callable[[str], None], query: Query
) -> None:
    user.tell("machine.note.saved", NOTE)
    write_event(query, "dm.message.sent", published=False)

    before = look("/overview")
    assert before["pipeline"]["outbox"]["count"] == 1
    assert before["pipeline"]["queue"]["count"] == 1
    assert before["pipeline"]["committed"]["last_minute"] == 2
    assert (row_of(before, "machine")["in_queue"], row_of(before, "dm")["pending"]) == (1, 1)
    assert row_of(before, "machine")["queue_depth"] == 1
    settle("machine")

    after = look("/overview")
    row = row_of(after, "machine")
    assert (row["in_queue"], row["queue_depth"]) == (0, 0)
    assert row["lag_p95_ms"] >= 0
    assert row["spark"][-1] == 1 or row["spark"][-2] == 1
    assert after["pipeline"]["processed"]["last_minute"] == 1
    sums = {name: sum(each[name] for each in after["last_hour"]) for name in history.KINDS}
    assert sums == {"committed": 2, "processed": 1, "failed": 0}


def test_refused_event_is_a_dead_letter(
    look: Look, user: User, settle: Callable[[str], None]
) -> None:
    """It is counted once: while its letter lies there, it is no further failure."""
    user.tell("comment.created", {"post_id": user.id, "body": "Nice!"})
    settle("video")
    run_schedule("app_sweep_dead_letters")

    answer = look("/overview")

    row = row_of(answer, "video")
    assert (row["dead_letters"], row["delivery_failed"]) == (1, 0)
    assert answer["pipeline"]["failed"]["dead_letters"] == 1
    (entry,) = answer["attention"]
    assert (entry["condition"], entry["stream"]) == ("dead_letters", "video")
    assert (entry["act"], entry["view"]) == ("Send again", "/failures?stream=video")
    assert sum(each["failed"] for each in answer["last_hour"]) == 1


def test_what_waits_too_long_needs_somebody(look: Look, query: Query) -> None:
    write_event(query, "program.created", age=1_795)
    write_event(query, "workout.created", age=175, published=False)
    write_upload(query, "uploaded", age=4_000, uploaded_age=3_595)
    assert conditions(look("/overview")) == []
    write_event(query, "program.created", age=1_805)
    write_event(query, "dm.message.sent", age=185, published=False)
    write_upload(query, "processing", age=4_000, uploaded_age=3_605)

    answer = look("/overview")

    assert sorted(conditions(answer)) == [
        ("pending_too_long", "dm"),
        ("unsettled_too_long", "program"),
        ("uploads_too_long", "processing"),
    ]
    assert answer["streams"][0]["stream"] in ("dm", "program")
    assert answer["streams"][0]["level"] == "bad"
    views = {each["condition"]: each["view"] for each in answer["attention"]}
    assert views["pending_too_long"] == "/events?stream=dm&states=waiting"
    assert answer["verdict"]["sentence"] == "3 heal by themselves."


def test_queue_without_function_is_bad(look: Look, running: wiring.Parts, user: User) -> None:
    user.tell("machine.note.saved", NOTE)
    unread = look("/overview")
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_consume("app.machine", lambda *_: None)
        read = look("/overview")

    assert conditions(unread) == [("queue_without_reader", "machine")]
    assert row_of(read, "machine")["readers"] == 1
    assert conditions(read) == []


def test_letters_of_outcomes_lead_to_all_events(look: Look, running: wiring.Parts) -> None:
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_publish("", "app.notification.dlq", b"no JSON")
        channel.basic_publish("", "app.notification", b"no JSON")

    entries = look("/overview")["attention"]

    assert [(each["condition"], each["view"]) for each in entries] == [
        ("queue_without_reader", "/events"),
        ("dead_letters", "/failures?stream=notification"),
    ]


def test_one_stream_is_shown_alone(look: Look, query: Query) -> None:
    write_event(query, "program.created", age=5)
    write_event(query, "dm.message.sent", age=5)

    answer = look("/overview", stream="dm")

    assert [row["stream"] for row in answer["streams"]] == ["dm"]
    assert answer["pipeline"]["queue"]["count"] == 1
    assert sum(each["committed"] for each in answer["last_hour"]) == 1
    assert {each["failed"] for each in answer["last_hour"]} == {None}


def test_uncounted_minutes_are_unknown(
    look: Look, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST", 3)
    for age in (600, 1_200, 1_800, 2_400):
        write_event(query, "program.created", age=age)

    committed = [each["committed"] for each in look("/overview")["last_hour"]]

    assert committed[0] is committed[20] is None
    assert sum(each or 0 for each in committed) == 2
    assert committed[-1] == 0


def test_overview_lives_without_uploads(
    look: Look, running: wiring.Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database of videos may be away; the others' figures stay."""
    videos = running.service("video").request.database

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("away")

    monkeypatch.setattr(videos, "fetch_all", away)
    row = row_of(look("/overview"), "processing")

    assert (row["in_queue"], row["delivery_failed"], row["spark"][-1]) == (None, None, None)
    assert row["sentence"] == "Unknown: its database is away"


def test_late_schedule_needs_somebody(look: Look, query: Query) -> None:
    look("/overview")
    query(
        "notify",
        "UPDATE schedule_runs SET expected_since = now() - interval '1 day', last_success_at ="
        " CASE WHEN schedule = 'app_resend' THEN now() - interval '181 seconds' ELSE now() END",
    )

    titles = [entry["title"] for entry in look("/overview")["attention"]]

    assert titles == ["A schedule does not run: app_resend"]


def test_same_answer_is_not_sent_again(
    ask: Callable[..., Reply], environment: dict[str, str], query: Query
) -> None:
    ANSWERS.seconds = 60.0
    version = ask("/overview").headers["ETag"]
    headers = {"X-API-Key": environment["ADMIN_API_KEY"], "If-None-Match": version}

    def again() -> dict[str, Any]:
        return invoke(api_event("GET", "/app/overview", headers, b"", ""))

    same = again()
    assert (same["statusCode"], same["body"]) == (304, "")
    write_event(query, processed=True)
    assert again()["statusCode"] == 304, "it is answered from memory"
    ANSWERS.clear()
    changed = again()
    assert (changed["statusCode"], version in changed["headers"].values()) == (200, False)
