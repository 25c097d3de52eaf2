"""The outbox of a service: events that it tells, written in the transaction of what they tell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    """What a service tells of an event that it acted on.

    `further` are the rows of other events that it has written, to be published with the answer.
    """

    event_type: str
    data: Mapping[str, Any]
    further: Sequence[Row] = ()


def write_reply(db: Database, service: str, event: Event[Any], reply: Reply) -> Row:
    """Write a service's answer to an event, in the open transaction; returns the row to publish.

    Its id follows from the event and the answer's type, so a second run makes the same one.
    """
    event_id = str(uuid5(UUID(event.id), f"{service} {reply.event_type}"))
    return write_event(db, reply.event_type, event_id, event.user_id, reply.data, event.id)


def write_event(
    db: Database,
    event_type: str,
    event_id: str,
    user_id: str,
    data: Mapping[str, Any],
    causation_id: str | None = None,
) -> Row:
    """Write an event that a service tells; returns the row to publish."""
    said = model_of(event_type).model_validate(data).model_dump(mode="json")
    row = db.fetch_one(
        SQL["write"],
        {
            "event_type": event_type,
            "client_generated_id": event_id,
            "user_id": user_id,
            "causation_id": causation_id,
            "data": json.dumps(said),
        },
    )
    assert row is not None
    return row
