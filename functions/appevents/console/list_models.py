"""What lists of events take and give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from typing_extensions import TypedDict

from chalicelib.appevents.console.states import State
from chalicelib.appevents.console.streams import UPLOAD, event_types
from chalicelib.appevents.ops.models import Service
from fintegrate.console.totals import AtLeast, Count
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.several import SEVERAL
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, Text

_ID = "550e8400-e29b-41d4-a716-446655440000"
_UUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
UPLOAD_PREFIX = "upload-"


def _known(event_type: str) -> str:
    if event_type != UPLOAD and event_type not in event_types():
        raise ValueError("must be a type that clients send, or upload")
    return event_type


EventId = Annotated[
    str,
    StringConstraints(pattern=f"^(?:{UPLOAD_PREFIX})?{_UUID}$", to_lower=True),
    Described("An event's `client_generated_id`, or `upload-` and a video's id", _ID),
]
EventType = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(_known),
    Described("A type that clients send, or `upload`", "machine.note.saved"),
]
Reason = Annotated[
    str | None, Described("The stable code, or the broker's words if it is not published", None)
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
    event: Annotated[
        EventId | None, Described("Only this event, or the events of the user with this id", None)
    ] = None
    order: Annotated[
        Literal["newest", "oldest"], Described("Which come first, by time of acceptance", None)
    ] = "newest"
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class EventRow(TypedDict):
    """An event in a list, without anything that it says."""

    event_id: Annotated[str, Described("Its id; of an upload with `upload-` before it", _ID)]
    stream: Annotated[str, Described("The function that acts on it", "machine")]
    stream_name: Annotated[str, Described("Its name", "machine")]
    sequence: Annotated[None, Described("A user's own number is not shown here", None)]
    event_type: Annotated[str, Described("Its type", "machine.note.saved")]
    state: State
    reason: Reason
    created_at: Annotated[datetime, Described("When it was accepted", "2026-11-26T10:00:00+00:00")]
    lag_ms: Annotated[
        int | None,
        Described(
            "From acceptance to outcome, until now while there is none; of an upload from its end to "
            "the processed video; null if it failed",
            240,
        ),
    ]
    try_count: Annotated[int | None, Described("Tries of a schedule to publish it", 0)]
    own_id: Annotated[str, Described("Its user's id", "7c9e6679-7425-40de-944b-e07fc1f90ae7")]


class EventList(TypedDict):
    """A page of events."""

    events: list[EventRow]
    next_cursor: NextCursor
    total: Count
    at_least: AtLeast
    truncated: Annotated[
        bool,
        Described(
            "Whether the search ended at its bound before the page was full; a page may be empty",
            False,
        ),
    ]
