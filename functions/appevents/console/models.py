"""What requests about events take. The layer has the shapes of their answers."""

from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.appevents.console.states import State
from chalicelib.appevents.console.streams import UPLOAD, event_types
from chalicelib.appevents.ops.models import Service
from fintegrate.http.cursors import Cursor, Limit
from fintegrate.http.several import SEVERAL
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, Instant, RequestModel, Text

_ID = "550e8400-e29b-41d4-a716-446655440000"
_UUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
UPLOAD_PREFIX, LETTER_PREFIX = "upload-", "letter-"
_EVENT = rf"{_UUID}(?:\.{_UUID})?"
"""With its user behind a dot: clients make the ids, so two users' events may have the same one."""


class Named(NamedTuple):
    """The ids in that of an event: its client's, and its user's where it says whose it is."""

    id: str
    user_id: str | None


def event_id_of(client_generated_id: str, user_id: str) -> str:
    """The id of an event in the console, which no other has."""
    return f"{client_generated_id}.{user_id}"


def named(event_id: str) -> Named:
    """What an event's id says."""
    own_id, _, user_id = event_id.partition(".")
    return Named(own_id, user_id or None)


def _known(event_type: str) -> str:
    if event_type != UPLOAD and event_type not in event_types():
        raise ValueError("must be a type that clients send, or upload")
    return event_type


EventId = Annotated[
    str,
    StringConstraints(
        pattern=f"^(?:{_EVENT}|(?:{UPLOAD_PREFIX}|{LETTER_PREFIX}){_UUID})$",
        to_lower=True,
        max_length=73,
    ),
    Described(
        "An event's `client_generated_id`, a dot and its `user_id`, or the first alone; `upload-` and a "
        "video's id, or `letter-` and a dead letter's",
        _ID,
    ),
]
ListedId = Annotated[
    str,
    StringConstraints(
        pattern=f"^(?:{_EVENT}|{UPLOAD_PREFIX}{_UUID})$", to_lower=True, max_length=73
    ),
    Described("Only this event or upload, or the events of the user with this id", None),
]
EventType = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(_known),
    Described("A type that clients send, or `upload`", "machine.note.saved"),
]


class EventListing(Span):
    """Which events to list; all conditions hold."""

    stream: Service | None = None
    states: Annotated[
        Annotated[list[State], Field(min_length=1, max_length=10)] | None,
        SEVERAL,
        Described("Only in one of these states", None),
    ] = None
    event_types: Annotated[
        Annotated[list[EventType], Field(min_length=1, max_length=20)] | None,
        SEVERAL,
        Described("Only of one of these types", None),
    ] = None
    reason: Annotated[
        Annotated[Text, StringConstraints(max_length=200)] | None,
        Described("A part of the reason", None),
    ] = None
    event: ListedId | None = None
    order: Annotated[
        Literal["newest", "oldest"], Described("Which come first, by time of acceptance", None)
    ] = "newest"
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class OverviewRequest(RequestModel):
    """Of which stream; all, if it is left out."""

    stream: Service | None = None


class EventRef(RequestModel):
    """One event; by a client's id alone the newest, if several users have made the same one."""

    event_id: EventId
    user_id: Annotated[UUID | None, Described("Whose it must be", None)] = None
    payload: Annotated[
        bool, Described("Whether to answer the shape of what it says, too", False)
    ] = False


class Failures(RequestModel):
    """Which failures to group."""

    begin: Annotated[
        Instant | None,
        Field(alias="from"),
        Described(
            "What was accepted since then, and dead letters since then", "2026-11-26T10:00:00Z"
        ),
    ] = None
    stream: Service | None = None
