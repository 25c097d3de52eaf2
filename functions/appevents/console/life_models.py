"""What a request about one event takes, and what its answer gives."""

from typing import Annotated, Any
from uuid import UUID

from typing_extensions import TypedDict

from chalicelib.appevents.console.list_models import EventId, EventRow
from chalicelib.appevents.console.states import State
from fintegrate.console.timeline import Step
from fintegrate.http.validation import Described, RequestModel

_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


class EventRef(RequestModel):
    """One event; `user_id` says whose, if several users have made the same id."""

    event_id: EventId
    user_id: Annotated[UUID | None, Described("Its user", None)] = None
    payload: Annotated[
        bool, Described("Whether to answer the shape of what it says, too", False)
    ] = False


class Held(TypedDict):
    """How long each side held the event, in milliseconds. What is not known is null."""

    ours_ms: Annotated[int | None, Described("In the request and in the outbox", 12)]
    held_back_ms: Annotated[None, Described("Not told apart from `ours_ms`", None)]
    queue_ms: Annotated[int | None, Described("In its queue and its function", 40)]
    bank_ms: Annotated[None, Described("Not told apart from `queue_ms`", None)]
    total_ms: Annotated[
        int | None, Described("All of it; null for an upload that nobody has sent", 52)
    ]


class Fact(TypedDict):
    """Something else that is known of the event."""

    name: Annotated[str, Described("What", "request")]
    value: Annotated[str, Described("Its value", "4b1c2a90")]


class Sibling(TypedDict):
    """The upload that the event asked for, or the event that asked for the upload."""

    event_id: Annotated[str, Described("Its id", f"upload-{_ID}")]
    stream_name: Annotated[str, Described("Its function", "processing")]
    state: State


class EventLife(EventRow):
    """An event's whole life. A payload has ids and, of what its user wrote, the kinds only."""

    payload: Annotated[
        dict[str, Any] | None,
        Described("Null too once it is erased", {"body": "text, 9 characters"}),
    ]
    timeline: list[Step]
    durations: Held
    facts: list[Fact]
    siblings: list[Sibling]
