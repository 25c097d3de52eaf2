"""The outbox of a service: events that it tells, written in the transaction of what they tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.catalogue import model_of
from fintegrate.database import Database, Row
from fintegrate.outbox.table import OutboxTable
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
TABLE = OutboxTable(
    id="id", key="user_id", position="id", order=(("id", 0),), held_back="", first_position=None
)


class Reply(NamedTuple):
    """What a service tells of an event that it acted on."""

    event_type: str
    data: Mapping[str, Any]


def write_reply(db: Database, service: str, event: Event[Any], reply: Reply) -> Row:
    """Write a service's answer to an event, in the open transaction; returns the row to publish.

    Its id follows from the event and the answer's type, so a second run makes the same one.
    """
    reply_id = str(uuid5(UUID(event.id), f"{service} {reply.event_type}"))
    return write_event(db, reply_id, event.user_id, event.id, reply)


def write_event(
    db: Database, event_id: str, user_id: str, causation_id: str | None, reply: Reply
) -> Row:
    """Write an event of a service with this id, in the open transaction; returns the row to publish."""
    data = model_of(reply.event_type).model_validate(reply.data).model_dump(mode="json")
    row = db.fetch_one(
        SQL["write"],
        {
            "event_type": reply.event_type,
            "client_generated_id": event_id,
            "user_id": user_id,
            "causation_id": causation_id,
            "data": json.dumps(data),
        },
    )
    assert row is not None
    return row
