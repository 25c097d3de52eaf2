"""What requests about events take and what their answers give."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import TypedDict

from chalicelib.banking.events.topology import EVENT_TYPES
from fintegrate.http.validation import Instant, RequestModel, Text

EventType = Literal[
    "customer_creation", "customer_deletion", "customer_status_change", "consumer_created"
]
assert get_args(EventType) == EVENT_TYPES
ProcessingStatus = Literal["received", "processed", "failed"]
PublishStatus = Literal["pending", "published", "failed"]
DeliverStatus = Literal["pending", "delivered", "failed"]
Reason = Annotated[Text, StringConstraints(max_length=1000)]


class Confirmation(RequestModel):
    """What the consumer says became of an event."""

    event_id: UUID
    status: ProcessingStatus
    received_at: Instant | None = None
    failure_reason: Reason | None = None

    @model_validator(mode="after")
    def _reason_belongs_to_failure(self) -> Self:
        if self.failure_reason is not None and self.status != "failed":
            raise ValueError("failure_reason only goes with status failed")
        return self


class ScopedRequest(RequestModel):
    """A request about the caller's own events; the admin sees all and may narrow."""

    consumer_id: UUID | None = None


class Resend(ScopedRequest):
    """Which pending events to publish; `max_try_count`: only those tried less often."""

    period_in_days: Annotated[int, Field(ge=1, le=365)]
    max_try_count: Annotated[int, Field(ge=1, le=1000)] | None = None
    event_types: Annotated[list[EventType], Field(min_length=1, max_length=4)] | None = None


class Redeliver(Resend):
    """Which published events to publish again; `dry_run` only counts."""

    event_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)] | None = None
    include_failed: bool = False
    dry_run: bool = False


class SweepCounts(TypedDict):
    """`total_pending = attempted + skipped`, `attempted = succeeded + failed`."""

    total_pending: int
    attempted: int
    succeeded: int
    failed: int
    skipped: int


class FailedEvent(TypedDict):
    """An event that was tried and not confirmed by the broker."""

    event_id: UUID
    event_type: EventType
    try_count: int
    failure_reason: str


class SweepResult(TypedDict):
    """What a resend or redeliver did; at most 1,000 failed events are listed."""

    summary: SweepCounts
    failed_events: list[FailedEvent]


class HeadToSkip(RequestModel):
    """Whose first pending event to give up, and why; `event_id`: only if it is this one."""

    customer_id: UUID
    reason: Reason
    event_id: UUID | None = None


class SkippedHead(TypedDict):
    """The event that was given up, and how many waited behind it."""

    event_id: UUID
    consumer_id: UUID
    customer_id: UUID
    sequence: int
    event_type: EventType
    released_count: int


class EventsHealth(TypedDict):
    """What waits and what failed; an age is null when nothing waits."""

    pending_count: int
    oldest_pending_age_hours: float | None
    waiting_behind_count: int
    failed_count: int
    undelivered_count: int
    oldest_undelivered_age_hours: float | None
    delivery_failed_count: int
    unmatched_dead_letter_count: int


class EventRef(RequestModel):
    """One event."""

    event_id: UUID


class EventListing(ScopedRequest):
    """Which events to list, newest first."""

    customer_id: UUID | None = None
    event_type: EventType | None = None
    publish_status: PublishStatus | None = None
    deliver_status: DeliverStatus | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None


class EventSummary(TypedDict):
    """An event without its payload."""

    event_id: UUID
    consumer_id: UUID
    customer_id: UUID
    sequence: int
    event_type: EventType
    source_service: str
    created_at: datetime
    publish_status: PublishStatus
    published_at: datetime | None
    publish_try_count: int
    publish_last_tried_at: datetime | None
    publish_failure_reason: str | None
    deliver_status: DeliverStatus
    delivered_at: datetime | None
    deliver_try_count: int
    deliver_last_tried_at: datetime | None
    deliver_failure_reason: str | None


class EventList(TypedDict):
    """A page of events."""

    events: list[EventSummary]
    next_cursor: str | None


class Receipt(TypedDict):
    """What the consumer said of the event."""

    processing_status: ProcessingStatus
    received_at: datetime
    processing_failure_reason: str | None
    updated_at: datetime


class DeadLetter(TypedDict):
    """A copy of the event that ended in the dead-letter queue."""

    dead_letter_id: UUID
    reason: str
    created_at: datetime


class EventLife(EventSummary):
    """An event's whole life."""

    payload: dict[str, Any]
    metadata: dict[str, Any]
    waits_behind: UUID | None
    receipts: list[Receipt]
    dead_letters: list[DeadLetter]
