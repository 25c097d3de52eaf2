"""An event published to the exchange with nothing but its JSON, as rabbitmqadmin does it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from chalicelib.appevents.wiring import Parts
from local.services.running import RunningServices
from tests.integration.appevents.conftest import User


def publish(services: RunningServices, running: Parts, event: dict[str, Any]) -> bool:
    """Publish through the management API; returns whether a queue took it."""
    management = urlsplit(services.urls.rabbitmq_management_url)
    address = management.netloc.rpartition("@")[2]
    host = urlsplit(running.settings.app_rabbitmq_url).path.removeprefix("/")
    answer = httpx.post(
        f"{management.scheme}://{address}/api/exchanges/{quote(host, safe='%')}/app.events/publish",
        auth=(management.username or "", management.password or ""),
        json={
            "properties": {},
            "routing_key": event["event_type"],
            "payload": json.dumps(event),
            "payload_encoding": "string",
        },
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["routed"])


def example(user: User) -> dict[str, Any]:
    """The payload as the notes print it."""
    return {
        "schema_version": "1.0.0",
        "event_type": "machine.note.saved",
        "client_generated_id": str(uuid.uuid4()),
        "user_id": user.id,
        "timestamp": "2026-11-05T10:00:00Z",
        "source_service": "frontend",
        "data": {"machine_id": "leg-press-2", "body": "Nice!"},
    }


def test_payload_alone_is_processed(
    services: RunningServices,
    running: Parts,
    user: User,
    settle: Callable[[str], None],
    query: Callable[..., list[dict[str, Any]]],
) -> None:
    assert publish(services, running, example(user))

    settle("machine")

    reply = user.call("GET", "/api/v1/machines/{machine_id}/notes", machine_id="leg-press-2")
    assert [note["body"] for note in reply.data["notes"]] == ["Nice!"]


def test_published_twice_leaves_one_row(
    services: RunningServices,
    running: Parts,
    user: User,
    settle: Callable[[str], None],
    query: Callable[..., list[dict[str, Any]]],
) -> None:
    event = example(user)
    for _ in range(2):
        assert publish(services, running, event)
        settle("machine")

    rows = query("machine", "SELECT client_generated_id::text AS id, outcome FROM idempotency_keys")
    assert rows == [{"id": event["client_generated_id"], "outcome": "processed"}]
    assert len(query("machine", "SELECT 1 FROM machine_notes")) == 1
