"""What answers about events give."""

from datetime import datetime
from typing import Annotated, Any

from typing_extensions import TypedDict

from fintegrate.http.validation import Described

_AT = "2026-11-26T10:00:00.000000Z"
Moment = Annotated[datetime | None, Described("When; null if not yet", _AT)]
Reason = Annotated[str | None, Described("Why; null where there is nothing to say", None)]


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


class EventLife(TypedDict):
    """An event and what became of it."""

    id: Annotated[int, Described("Its number", 4711)]
    event_id: Annotated[str | None, Described("Its id", "2025010100001111")]
    order_id: Annotated[str | None, Described("The order's id", "2025010100001111")]
    storefront: Annotated[str | None, Described("The storefront's code", "bosley")]
    event_type: Annotated[str | None, Described("Its type", "purchase_completed")]
    event_time: Moment
    payload: Annotated[
        dict[str, Any], Described("What was sent, without user data", {"currency": "USD"})
    ]
    dedup_id: Annotated[
        str | None,
        Described("By which platforms know copies", "2025010100001111"),
    ]
    status: Annotated[str, Described("accepted, or why not", "accepted")]
    status_reason: Reason
    source_system: Annotated[str | None, Described("Who sent it", "api")]
    created_at: Moment
    accepted_at: Moment
    deliveries: list[DeliveryState]
    attempts: list[Attempt]
