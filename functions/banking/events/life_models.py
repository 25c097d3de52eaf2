"""What requests about one event or one customer's events take, and what their answers give."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from typing_extensions import TypedDict

from chalicelib.banking.events.models import (
    EventState,
    EventSummary,
    ProcessingStatus,
    Sequence,
)
from chalicelib.banking.fields import ConsumerId, CustomerId, EventId
from fintegrate.console.timeline import Durations, Step
from fintegrate.http.validation import Described, RequestModel

BankName = Annotated[str, Described("Part of the names of the consumer's queues", "bank_north")]


class EventRef(RequestModel):
    """One event; `payload`: false leaves its message out."""

    event_id: EventId
    payload: Annotated[bool, Described("Whether to answer the message, too", True)] = True


class Receipt(TypedDict):
    """What the consumer said of the event. `received_at` is its own claim, the other times are ours."""

    processing_status: ProcessingStatus
    received_at: Annotated[
        datetime, Described("When the consumer received the event", "2026-01-15T09:30:00+00:00")
    ]
    processing_failure_reason: str | None
    created_at: datetime
    updated_at: datetime


class DeadLetter(TypedDict):
    """A copy of the event that ended in the dead-letter queue; `superseded`: a later one was sent."""

    dead_letter_id: UUID
    reason: str
    superseded: bool
    created_at: datetime
    resolved_at: Annotated[datetime | None, Described("When it was seen to", None)]
    requeued_at: Annotated[datetime | None, Described("When it was sent again", None)]


class Attempt(TypedDict):
    """An attempt that failed, a copy that was sent again, or what a person did to the event."""

    at: datetime
    by: Annotated[str, Described("What made it", "resend")]
    outcome: Annotated[str, Described("How it ended", "nacked")]
    words: Annotated[str | None, Described("The broker's or the operator's", "queue full")]
    caused_by: Annotated[
        str | None, Described("The request or job behind it; null for a schedule", None)
    ]


class LanePlace(TypedDict):
    """Where the event waits among its customer's; counted up to 10,000."""

    position: Annotated[
        int | None, Described("How many go before it; null if it does not wait", None)
    ]
    head_event_id: UUID | None
    waiting_behind: int


class ArchivePlace(TypedDict):
    """The file that has the event, in the object store. Its lines are JSON, gzipped."""

    archive_id: UUID
    file: Annotated[str, Described("The object's key", "archive/2f1c…/2025-11-20/9a1f….jsonl.gz")]
    sha256: Annotated[str, Described("Of the file as it is stored", "9f86d081884c7d65…")]
    archived_at: datetime


class EventLife(EventSummary):
    """An event's whole life."""

    consumer_name: BankName
    state: EventState
    payload: dict[str, Any] | None
    metadata: dict[str, Any]
    waits_behind: UUID | None
    request_id: Annotated[str | None, Described("The request that wrote it", "look-here")]
    trace_id: Annotated[
        str, Described("The caller's trace, else its own", "4bf92f3577b34da6a3ce929d0e0e4736")
    ]
    lane: LanePlace
    timeline: list[Step]
    durations: Durations
    receipts: list[Receipt]
    dead_letters: list[DeadLetter]
    attempts: list[Attempt]
    archive: Annotated[
        ArchivePlace | None, Described("Where an archived event lies; null for the others", None)
    ]


class LaneRef(RequestModel):
    """One customer."""

    customer_id: CustomerId


class LaneEvent(EventSummary):
    """An event that waits."""

    state: EventState


class Lane(TypedDict):
    """A customer's pending events in order; the head holds back the others.

    The head may be published: a rewind sends it again by webhook, and what is later waits for it.
    """

    customer_id: CustomerId
    consumer_id: ConsumerId
    consumer_name: BankName
    head: LaneEvent | None
    waiting: Annotated[list[LaneEvent], Described("At most the first 100 behind the head", [])]
    waiting_count: Annotated[int, Described("How many wait behind the head, up to 10,000", 0)]
    last_processed_sequence: Sequence | None
    given_up_count: Annotated[
        int, Described("How many of its newest 10,000 events were given up", 0)
    ]
    held_since: Annotated[datetime | None, Described("Since when the first of them waits", None)]
    held_reason: Annotated[str | None, Described("Why the head is not published", None)]
