"""The log has one JSON line for each event of a batch, and nothing of what the events say."""

from __future__ import annotations

import io
import json
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pika
import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.configuration import SERVICE
from fintegrate.logs import line_handler
from fintegrate.outcome import Outcome, Result
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import Tell, User, event

SECRET = "what-nobody-may-read"
NOTE = {"machine_id": "leg-press-2", "body": SECRET}
NAMES = {
    *("level", "ts", "service", "msg", "event_type", "client_generated_id", "user_id"),
    *("attempt", "outcome", "duration_ms", "request_id"),
}
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "LOG_LEVEL": "INFO"}


@pytest.fixture
def stderr(running: wiring.Parts, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the functions write on standard error."""
    written = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [line_handler(SERVICE, written)])
    return written


@pytest.fixture
def lines(stderr: io.StringIO) -> Lines:
    """The lines of events that came since the last look; every line must be JSON."""

    def read() -> list[dict[str, Any]]:
        written = stderr.getvalue()
        stderr.seek(0)
        stderr.truncate()
        assert SECRET not in written
        found = [json.loads(line) for line in written.splitlines()]
        return [line for line in found if "ts" in line]

    return read


def put(running: wiring.Parts, body: bytes, headers: dict[str, Any] | None = None) -> None:
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        properties = pika.BasicProperties(headers=headers or {}, delivery_mode=2)
        channel.basic_publish("", "app.machine", body, properties)


def test_each_event_of_a_batch_has_a_line(
    running: wiring.Parts, user: User, tell: Tell, pump: Callable[..., Any], lines: Lines
) -> None:
    before = time.time()
    accepted = user.tell("machine.note.saved", NOTE)
    twice = str(uuid.uuid4())
    for _ in range(2):
        tell(user, "machine.note.saved", NOTE, event_id=twice)
    wrong = {**event("machine.note.saved", {"machine_id": SECRET}), "user_id": user.id}
    put(running, json.dumps(wrong).encode(), {"x-attempt": 2, "request_id": f"{SECRET} {SECRET}"})
    put(running, f"no JSON {SECRET}".encode(), {"request_id": 5})
    lines()

    assert pump("machine") == {"messages": 5, "applied": 2, "seen": 1, "dead": 2}

    found = lines()
    assert len(found) == 5
    by_outcome = {(line["client_generated_id"], line["outcome"]): line for line in found}
    rejected = wrong["client_generated_id"]
    assert by_outcome.keys() == {
        *((accepted, "applied"), (twice, "applied"), (twice, "seen")),
        *((rejected, "dead"), (None, "dead")),
    }
    for line in found:
        assert line.keys() - {"code"} == NAMES
        assert line["service"] == "machine"
        assert before - 1 <= line["ts"] <= time.time() + 1
        assert 0 <= line["duration_ms"] < 60_000
        known = line["client_generated_id"] is not None
        assert (line["user_id"], line["event_type"]) == (
            (user.id, "machine.note.saved") if known else (None, None)
        )
    good, bad = by_outcome[accepted, "applied"], by_outcome[rejected, "dead"]
    assert (good["level"], good["attempt"], "code" in good) == ("INFO", 0, False)
    assert (bad["level"], bad["attempt"], bad["code"]) == ("WARNING", 2, "invalid_data")
    assert by_outcome[None, "dead"]["code"] == "not_json"
    assert bad["request_id"].startswith("app_machine-")


def test_line_leads_to_its_request(
    user: User, pump: Callable[..., Any], lines: Lines, running: wiring.Parts
) -> None:
    said = event("machine.note.saved", NOTE)
    user.call("POST", "/api/v1/notify/events", said, headers={"X-Request-Id": "call-7"})
    pump("machine")
    pump("notification")

    of_machine, of_notification = lines()

    assert of_machine["request_id"] == "call-7"
    assert of_machine["client_generated_id"] == said["client_generated_id"]
    assert (of_notification["service"], of_notification["event_type"]) == (
        "notification",
        "machine.note.persisted",
    )


def test_retries_are_counted_in_lines(
    user: User, pump: Callable[..., Any], lines: Lines, left_in: Callable[[str], int]
) -> None:
    workout = {"workout_id": str(uuid.uuid4()), "name": "Legs"}
    told = user.tell("workout.updated", workout)
    while not left_in("app.program.dlq"):
        pump("program")

    found = [line for line in lines() if line["client_generated_id"] == told]

    assert [line["attempt"] for line in found] == [0, 1, 2, 3, 4, 5]
    assert [line["outcome"] for line in found] == ["later"] * 5 + ["dead"]
    assert {line["code"] for line in found} == {"workout_not_found"}


def test_event_that_comes_back_says_so(
    running: wiring.Parts,
    user: User,
    pump: Callable[..., Any],
    lines: Lines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(messages: Sequence[Any], _seconds: float) -> list[Outcome]:
        return [Outcome(Result.NACKED, "full")] * len(messages)

    put(running, b"no JSON")
    monkeypatch.setattr(type(running.publisher), "publish", lambda _self, *args: refuse(*args))
    with pytest.raises(Exception, match="took no copy"):
        pump("machine", seconds=2)

    (line,) = lines()
    assert (line["outcome"], line["level"]) == ("not_settled", "ERROR")


def test_request_that_is_accepted_has_a_line(user: User, stderr: io.StringIO) -> None:
    user.tell("machine.note.saved", NOTE)

    written = [json.loads(line) for line in stderr.getvalue().splitlines()]
    assert any("POST /api/v1/notify/events 202 in" in line["message"] for line in written)
    assert not any(SECRET in json.dumps(line) for line in written)
