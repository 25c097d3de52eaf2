"""A message is read whoever has written it, and by what it says alone."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.appevents.envelope import Event, compose, read
from fintegrate.messaging.inbox import Rejected
from fintegrate.messaging.message import Message
from fintegrate.messaging.pipeline import Pipeline
from fintegrate.messaging.queue_function import QueueMessage

USER, ID = str(uuid.uuid4()), str(uuid.uuid4())
PREFS = {"machine_id": "m", "prefs": {"seat": 4}}


def message(headers: dict[str, Any] | None = None, **changed: Any) -> QueueMessage:
    said = {
        "event_type": "equipment.prefs.submitted",
        "client_generated_id": ID,
        "user_id": USER,
        "timestamp": "2026-11-26T10:00:00Z",
        "data": PREFS,
        **changed,
    }
    return QueueMessage(json.dumps(said).encode(), headers or {}, None, False, "app.machine")


def event_of(told: QueueMessage) -> Event[Any]:
    return read(told).event


def test_payload_alone_is_enough() -> None:
    event = event_of(message())

    assert (event.id, event.user_id, event.sequence) == (ID, USER, None)
    assert event.told_at == event.effective_at == datetime(2026, 11, 26, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_generated_id": None}, "no_client_generated_id"),
        ({"client_generated_id": 7}, "no_client_generated_id"),
        ({"user_id": "ann"}, "no_user_id"),
        ({"event_type": ["a"]}, "unknown_event_type"),
        ({"event_type": "no.such"}, "unknown_event_type"),
        ({"schema_version": "2.0.0"}, "unknown_schema_version"),
        ({"schema_version": 1}, "unknown_schema_version"),
        ({"data": {**PREFS, "prefs": {"seat": float("inf")}}}, "invalid_data"),
        ({"data": {**PREFS, "prefs": {"seat": float("nan")}}}, "invalid_data"),
        ({"data": {**PREFS, "prefs": {"seat": 10**400}}}, "invalid_data"),
        ({"data": {**PREFS, "machine_id": "\ud800"}}, "invalid_data"),
        ({"data": None}, "invalid_data"),
        ({"causation_id": "x"}, "invalid_data"),
        ({"causation_id": {"a": 1}}, "invalid_data"),
    ],
)
def test_wrong_messages_have_their_codes(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(message(**changed))

    assert refused.value.code == code


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5_000])
def test_what_is_no_json_has_its_code(body: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        read(QueueMessage(body, {}, None, False, "app.machine"))

    assert refused.value.code == "not_json"


def test_unknown_fields_are_ignored() -> None:
    told = message(more=1, data={**PREFS, "more": {"a": [1]}})

    assert event_of(told).data.model_dump() == PREFS


@pytest.mark.parametrize(
    "headers",
    [
        {"sequence": 0, "effective_at": "never", "traceparent": {"a": 1}, "request_id": [1]},
        {"sequence": -1, "effective_at": 7},
        {"sequence": 2**63, "effective_at": None},
        {"sequence": "4", "effective_at": "9999-12-31T23:59:59-14:00"},
        {"sequence": True, "effective_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_forged_headers_say_nothing(headers: dict[str, Any]) -> None:
    event = event_of(message(headers))

    assert event.sequence is None
    assert event.effective_at == event.told_at


@pytest.mark.parametrize(("ahead", "is_taken"), [(30, True), (3_600, False)])
def test_time_to_come_is_not_effective(ahead: int, is_taken: bool) -> None:
    """Else nothing that its user says later would ever replace it."""
    wanted = datetime.now(UTC) + timedelta(seconds=ahead)

    event = event_of(message({"effective_at": wanted.isoformat()}))

    assert (event.effective_at == wanted) is is_taken


def composed(number: int) -> Message:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    row = {
        "id": number,
        "event_type": "machine.note.saved",
        "client_generated_id": f"550e8400-e29b-41d4-a716-{number:012}",
        "user_id": USER,
        "sequence": number,
        "data": {"machine_id": "rower", "body": "Damper on 5"},
        "told_at": now,
        "received_at": now,
        "effective_at": now,
    }
    return compose(row, "frontend")


def test_users_messages_go_out_at_once() -> None:
    """Otherwise a batch of a hundred would wait for a hundred confirms, longer than a publish may."""
    sent: list[Message] = []

    def send(each: Message) -> int:
        sent.append(each)
        return len(sent)

    messages = [composed(number) for number in range(1, 101)]
    Pipeline(messages, send).fill()

    assert sent == messages
