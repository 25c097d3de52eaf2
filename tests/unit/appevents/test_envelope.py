"""Messages that are made from rows of an outbox."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.appevents.envelope import compose
from fintegrate.messaging.message import Message
from fintegrate.messaging.pipeline import Pipeline

NOW = datetime(2026, 11, 27, tzinfo=UTC)
USER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def message(number: int) -> Message:
    row = {
        "id": number,
        "event_type": "machine.note.saved",
        "client_generated_id": f"550e8400-e29b-41d4-a716-{number:012}",
        "user_id": USER,
        "sequence": number,
        "data": {"machine_id": "rower", "body": "Damper on 5"},
        "told_at": NOW,
        "received_at": NOW,
        "effective_at": NOW,
    }
    return compose(row, "frontend")


def test_users_messages_go_out_at_once() -> None:
    """Otherwise a batch of a hundred would wait for a hundred confirms, longer than a publish may."""
    sent: list[Message] = []

    def send(each: Message) -> int:
        sent.append(each)
        return len(sent)

    messages = [message(number) for number in range(1, 101)]
    Pipeline(messages, send).fill()

    assert sent == messages
