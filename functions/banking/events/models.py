"""What requests about events take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import TypedDict

from chalicelib.banking.events.topology import EventType
from chalicelib.banking.fields import ConsumerId, CustomerId, EventId
from fintegrate.console.acts import Act, DryRunFields, WithReason
from fintegrate.http.validation import Described, Instant, RequestModel, Text, either

ProcessingStatus = Literal["received", "processed", "failed"]
PublishStatus = Literal["pending", "published", "failed"]
DeliverStatus = Literal["pending", "delivered", "failed"]
EventState = Literal[
    "waiting",
    "held_back",
    "publish_failed",
    "in_queue",
    "received",
    "processed",
    "delivery_failed",
    "dead_lettered",
]
"""What became of an event, in one word. The database's function `event_state` is the rule."""
Reason = Annotated[Text, StringConstraints(max_length=1000)]
_RECEIVED = Described("When the consumer received the event", "2026-01-15T09:30:00+00:00")
_FAILURE = Described("Why it failed", "the account is blocked")
EventTypes = Annotated[
    list[EventType],
    Field(min_length=1, max_length=4),
    Described("Only events of these types", ["customer_creation"]),
]
Sequence = Annotated[int, Described("Counts a customer's events from 1 without gaps", 1)]


class Confirmation(RequestModel):
    """What the consumer says became of an event."""

    event_id: EventId
    status: ProcessingStatus
    received_at: Annotated[Instant, _RECEIVED] | None = None
    failure_reason: Annotated[Reason, _FAILURE] | None = None

    @model_validator(mode="after")
    def _reason_belongs_to_failure(self) -> Self:
        if self.failure_reason is not None and self.status != "failed":
            raise ValueError("failure_reason only goes with status failed")
        return self


class ScopedRequest(RequestModel):
    """A request about the caller's own events; the admin sees all and may narrow."""

    consumer_id: ConsumerId | None = None


class ReconcileRequest(ScopedRequest):
    """Whose ledger to count, or whether the last count will do."""

    last: Annotated[
        bool,
        Described("The last count of all tenants, if there is one, in place of a new one", True),
    ] = False

    @model_validator(mode="after")
    def _last_is_of_all(self) -> Self:
        if self.last and self.consumer_id is not None:
            raise ValueError("last: is of all tenants; leave out consumer_id")
        return self


class SweepRequest(Act, ScopedRequest):
    """Which events to publish; `max_try_count`: only those tried less often."""

    period_in_days: Annotated[
        int, Field(ge=1, le=365), Described("How far back to look, in days", 7)
    ]
    max_try_count: (
        Annotated[int, Field(ge=1, le=1000), Described("Only events that were tried less often", 3)]
        | None
    ) = None
    event_types: EventTypes | None = None
    event_ids: (
        Annotated[
            list[UUID],
            Field(min_length=1, max_length=1000),
            Described("Only these events", ["c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809"]),
        ]
        | None
    ) = None


class Resend(SweepRequest):
    """Which pending events to publish, and whether also those that were given up.

    A failed event that is its customer's newest becomes pending again. Any other is late: it is counted,
    and sent only with `include_late`.
    """

    include_failed: Annotated[
        bool, Described("Whether to take up again what was given up, where order allows it", False)
    ] = False
    include_late: Annotated[
        bool, Described("Whether to send failed events after their successors, marked late", False)
    ] = False

    @model_validator(mode="after")
    def _late_belongs_to_failed(self) -> Self:
        if self.include_late and not self.include_failed:
            raise ValueError("include_late only goes with include_failed")
        return self


class Redeliver(SweepRequest):
    """Which published events to publish again; `dry_run` only counts."""

    include_failed: Annotated[
        bool, Described("Whether to send again also what the consumer failed", False)
    ] = False


class SweepCounts(TypedDict):
    """`total_pending = attempted + skipped`, `attempted = succeeded + failed`."""

    total_pending: int
    attempted: int
    succeeded: int
    failed: int
    skipped: int


class FailedEvent(TypedDict):
    """An event that was tried and not confirmed by the broker."""

    event_id: EventId
    event_type: EventType
    try_count: int
    failure_reason: Annotated[str, _FAILURE]


class SweepResult(TypedDict):
    """What a resend or redeliver did; at most 1,000 failed events are listed."""

    summary: SweepCounts
    failed_events: list[FailedEvent]


class LeftOut(TypedDict):
    """Events that were not sent again, because a copy may still be in the consumer's queue."""

    queue_not_empty: Annotated[int, Described("The queue holds messages", 0)]
    queue_not_observed: Annotated[
        int, Described("The queue was not looked at since the event was sent; try again soon", 0)
    ]


class RedeliverResult(SweepResult, DryRunFields):
    """What a redeliver did; `left_out` is a part of `skipped`. A dry run's counts stand beside."""

    left_out: LeftOut


class ResendResult(SweepResult, DryRunFields):
    """What a resend did, late events included. After a dry run its counts stand beside.

    `reopened_count`: failed events that became pending again. `late_count`: failed events that a later
    one of their customer follows, before any was sent; 0 without `include_failed`.
    """

    reopened_count: int
    late_count: int


class HeadToSkip(Act):
    """Whose first pending event to give up, and why; `event_id`: only if it is this one."""

    customer_id: CustomerId
    reason: (
        Annotated[Reason, Described("Why it is given up, for the event and the log", "poison")]
        | None
    ) = None
    event_id: EventId | None = None


class SkippedHead(DryRunFields, total=False):
    """The event that was given up, and how many waited behind it; it may still come late.

    A dry run has its counts instead.
    """

    event_id: EventId
    consumer_id: ConsumerId
    customer_id: CustomerId
    sequence: Sequence
    event_type: EventType
    released_count: int
    note: Annotated[
        str,
        Described(
            "That a copy which was under way may still come late",
            "The event was given up. If a copy of it was under way, it may still come late",
        ),
    ]


class PublishingPause(TypedDict):
    """A bank whose queue refuses: its events wait until a probe, due at `probe_at`, finds room."""

    consumer_id: ConsumerId
    consumer_name: Annotated[
        str, Described("Part of the names of the consumer's queues", "bank_north")
    ]
    since: datetime
    probe_at: datetime
    reason: Annotated[
        str,
        Described("What the broker said", "nacked by the broker: customer.creation.bank_north"),
    ]


class Rewind(RequestModel):
    """Which bank's events to publish again, from where, and why; `dry_run` only counts."""

    consumer_id: ConsumerId
    begin: Annotated[
        Annotated[
            UUID | Instant,
            either(UUID | Instant, "must be an ISO 8601 time with offset, or an event's id"),
        ]
        | None,
        Field(alias="from"),
        Described(
            "A time or an event's id; without it the oldest event that is not confirmed, or a time"
            " before it if there are too many events to look at",
            "2026-01-15T09:30:00+00:00",
        ),
    ] = None
    reason: Reason
    include_processed: Annotated[
        bool, Described("Whether to send again also what the bank has processed", False)
    ] = False
    dry_run: Annotated[bool, Described("Whether to count only", False)] = False


class RewindBegun(TypedDict):
    """The job, and how many events it will send; `job_id` is null after a dry run.

    `counted_until` is null if all were counted. Otherwise there are more events after this time.
    """

    job_id: UUID | None
    consumer_id: ConsumerId
    from_at: datetime
    include_processed: bool
    event_count: int
    counted_until: datetime | None


class RewindRef(RequestModel):
    """The bank whose newest rewind to read."""

    consumer_id: ConsumerId


class RewindToCancel(WithReason):
    """The bank whose newest rewind to end, and why."""

    consumer_id: ConsumerId


class RewindProgress(TypedDict):
    """A rewind: `held` until the queue is empty, then `publishing` up to `until_at`, then `done`.

    After `cancelled_at` nothing more is sent: `held` waits for what began before, and `publishing` gives
    back what the queue has lost.
    """

    job_id: UUID
    consumer_id: ConsumerId
    status: Literal["held", "publishing", "done"]
    from_at: datetime
    include_processed: bool
    reason: str
    waits_for: str | None
    until_at: datetime | None
    reached_at: datetime | None
    sent_count: int
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    finished_at: datetime | None


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
    paused: list[PublishingPause]


class EventSummary(TypedDict):
    """An event without its payload."""

    event_id: EventId
    consumer_id: ConsumerId
    customer_id: CustomerId
    sequence: Sequence
    event_type: EventType
    source_service: Annotated[
        str, Described("The endpoint that wrote the event", "POST: /customer/data")
    ]
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
    publish_given_up_at: Annotated[
        datetime | None, Described("When a person gave the event up", None)
    ]
    sent_late_at: Annotated[
        datetime | None, Described("When it was sent after a later one of its customer", None)
    ]
