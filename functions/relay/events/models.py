"""What requests about events take and what their answers give."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from typing_extensions import TypedDict

from chalicelib.relay.lanes.models import LaneNumber
from fintegrate.http.cursors import Cursor, Limit, NextCursor, digits_only
from fintegrate.http.validation import Described, Instant, RequestModel, Text

_AT = "2026-11-26T10:00:00.000000Z"
Moment = Annotated[datetime | None, Described("When; null if not yet", _AT)]
Reason = Annotated[str | None, Described("Why; null where there is nothing to say", None)]
Line = Annotated[Text, StringConstraints(max_length=255)]


class DeliveryState(TypedDict):
    """The event at one destination."""

    lane_id: Annotated[int, Described("The lane's number", 12)]
    destination: Annotated[str, Described("The adapter of the destination", "webhook")]
    status: Annotated[str, Described("pending, delivered, failed, expired or skipped", "delivered")]
    reason: Reason
    try_count: Annotated[int, Described("Tries that were spent", 0)]
    next_attempt_at: Moment
    maybe_delivered: Annotated[
        bool, Described("Whether a request was sent whole and no answer came", False)
    ]
    delivered_at: Moment


class Attempt(TypedDict):
    """One try of a delivery."""

    lane_id: Annotated[int, Described("The lane's number", 12)]
    status: Annotated[str, Described("What the answer meant", "delivered")]
    platform_code: Annotated[str | None, Described("The platform's own code", None)]
    message: Annotated[str | None, Described("The platform's words", "")]
    http_status: Annotated[int | None, Described("The status of the answer", 200)]
    duration_ms: Annotated[int, Described("How long it took", 41)]
    batch_size: Annotated[int, Described("Events in the request", 1)]
    created_at: Moment


class EventPath(RequestModel):
    """An event's number in the path."""

    id: Annotated[
        int,
        Field(ge=1, le=2**63 - 1),
        BeforeValidator(digits_only),
        Described("The event's number", 4711),
    ]


class EventFilter(RequestModel):
    """Which events; what is left out excludes none."""

    storefront: Annotated[Line | None, Described("The storefront's code", None)] = None
    event_type: Annotated[Line | None, Described("Its type", None)] = None
    event_id: Annotated[
        Line | None, Described("Its own id, or the order's if it has none", None)
    ] = None
    status: Annotated[
        Line | None,
        Described("What came of its intake, such as accepted, unresolved or rejected", None),
    ] = None
    delivery_status: Annotated[
        Literal["pending", "delivered", "failed", "expired", "skipped"] | None,
        Described("A delivery of it has this status", None),
    ] = None
    reason: Annotated[
        Line | None,
        Described(
            "Of such a delivery or of its intake: all of it, or what is before a colon", None
        ),
    ] = None
    lane_id: Annotated[
        LaneNumber | None,
        Described("It has such a delivery in this lane", None),
    ] = None
    destination: Annotated[
        Line | None, Described("It has such a delivery by this adapter", None)
    ] = None
    created_from: Annotated[Instant | None, Described("It came then or later", None)] = None
    created_to: Annotated[Instant | None, Described("It came before this time", None)] = None
    limit: Limit = 50
    cursor: Cursor | None = None


class Event(TypedDict):
    """An event, without what was sent."""

    id: Annotated[int, Described("Its number", 4711)]
    event_id: Annotated[str | None, Described("Its id", "2025010100001111")]
    order_id: Annotated[str | None, Described("The order's id", "2025010100001111")]
    storefront: Annotated[str | None, Described("The storefront's code", "bosley")]
    event_type: Annotated[str | None, Described("Its type", "purchase_completed")]
    event_time: Moment
    dedup_id: Annotated[
        str | None,
        Described("By which platforms know copies", "2025010100001111"),
    ]
    status: Annotated[str, Described("accepted, or why not", "accepted")]
    status_reason: Reason
    source_system: Annotated[str | None, Described("Who sent it", "api")]
    created_at: Moment
    accepted_at: Moment


class EventPage(TypedDict):
    """Events, the newest first."""

    events: list[Event]
    next_cursor: NextCursor


class EventLife(Event):
    """An event and what became of it."""

    payload: Annotated[
        dict[str, Any], Described("What was sent, without user data", {"currency": "USD"})
    ]
    deliveries: list[DeliveryState]
    attempts: list[Attempt]
