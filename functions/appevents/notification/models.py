"""The models of the requests about events, and of their answers."""

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.appevents.paging import Page
from fintegrate.http.cursors import NextCursor
from fintegrate.http.from_clients import FromClients
from fintegrate.http.validation import Described, Instant, RequestModel

_ID = "550e8400-e29b-41d4-a716-446655440000"
_AT = "2026-11-26T10:00:00.000000Z"
Status = Literal["accepted", "published", "processed", "rejected"]
EventId = Annotated[UUID, Described("The id that the client made", _ID)]


EXAMPLE = {
    "event_type": "machine.note.saved",
    "client_generated_id": _ID,
    "timestamp": _AT,
    "data": {"machine_id": "leg-press-2", "body": "Seat on 4"},
}


class ClientEvent(FromClients):
    """An event as a client sends it."""

    schema_version: Annotated[
        str | None,
        Field(max_length=20),
        Described("The version of this envelope; 1.0.0 if left out", "1.0.0"),
    ] = None
    event_type: Annotated[
        str, Field(max_length=100), Described("What happened", "machine.note.saved")
    ]
    client_generated_id: EventId
    user_id: Annotated[UUID | None, Described("The caller's own id; may be left out", None)] = None
    timestamp: Annotated[Instant, Described("When it happened, by the client's clock", _AT)]
    source_service: Annotated[
        str | None, Field(max_length=100), Described("Always stored as frontend", "frontend")
    ] = None
    data: Annotated[
        dict[str, Any],
        Described(
            "As the schema of the type says", {"machine_id": "leg-press-2", "body": "Seat on 4"}
        ),
    ]


class Batch(FromClients):
    """Events of the caller, in their order."""

    events: Annotated[
        list[Any],
        Field(min_length=1, max_length=100),
        Described("The events; each has a result of its own", [EXAMPLE]),
    ]


class EventIds(RequestModel):
    """Events by their ids."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=100), Described("Their ids", [_ID])]


class EventPage(Page):
    """Which events to list."""

    status: Annotated[Status | None, Described("Only events of this status", "processed")] = None


class EventPath(RequestModel):
    """An event's id in the path."""

    client_generated_id: EventId


class Received(TypedDict):
    """How an event was received."""

    client_generated_id: Annotated[str, Described("Its id", _ID)]
    status: Status
    duplicate: Annotated[bool, Described("Whether the same event was sent before", False)]


class Outcome(TypedDict):
    """The outcome: the event with which a service answered."""

    event_type: Annotated[str, Described("Its type", "machine.note.persisted")]
    data: Annotated[dict[str, Any], Described("The data of the outcome", {"note_id": _ID})]
    at: Annotated[datetime, Described("When the service answered", _AT)]


class EventState(TypedDict):
    """An event and its outcome."""

    client_generated_id: Annotated[str, Described("Its id", _ID)]
    event_type: Annotated[str, Described("Its type", "machine.note.saved")]
    status: Status
    accepted_at: Annotated[datetime, Described("When it was stored", _AT)]
    outcome: Outcome | None
    reason: Annotated[str | None, Described("Why it was rejected: a stable code", None)]


class BatchResult(TypedDict):
    """How one event of a batch was received."""

    client_generated_id: Annotated[str | None, Described("Its id; null if it has none", _ID)]
    status: Literal["accepted", "duplicate", "conflict", "invalid"]
    error: NotRequired[Annotated[str, Described("What is wrong with it", "timestamp: is required")]]


class BatchReceived(TypedDict):
    """How the events of a batch were received, in their order."""

    results: list[BatchResult]


class EventStates(TypedDict):
    """Events and their outcomes."""

    events: list[EventState]


class EventList(TypedDict):
    """The caller's events, newest first."""

    events: list[EventState]
    next_cursor: NextCursor
