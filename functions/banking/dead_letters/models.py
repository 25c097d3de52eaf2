"""What requests about dead letters take and what their answers give."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import TypedDict

from chalicelib.banking.events.models import ScopedRequest, SweepResult
from chalicelib.banking.fields import ConsumerId, EventId
from fintegrate.console.acts import Act, DryRunFields
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, RequestModel, Text

DeadLetterId = Annotated[
    UUID, Described("The dead letter's id", "5a0c8f6e-1d2b-4c3d-9e8f-7a6b5c4d3e2f")
]
DeadLetterIds = Annotated[
    list[UUID],
    Field(min_length=1, max_length=1000),
    Described("These dead letters", ["5a0c8f6e-1d2b-4c3d-9e8f-7a6b5c4d3e2f"]),
]
DeathReason = Annotated[
    Text,
    StringConstraints(max_length=500),
    Described("Only those with exactly this reason", "rejected"),
]


class DeadLetterFilter(ScopedRequest, Span):
    """Which dead letters: those that fit all that is said."""

    matched: Annotated[bool, Described("Whether they belong to an event", True)] | None = None


class DeadLetterListing(DeadLetterFilter):
    """Which dead letters to list, newest first."""

    resolved: Annotated[bool, Described("Whether they are resolved", False)] | None = None
    reason: DeathReason | None = None
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class DeadLetterRef(RequestModel):
    """One dead letter."""

    dead_letter_id: DeadLetterId


class Requeue(Act, DeadLetterFilter):
    """Which open dead letters to send again: by their ids, or all that fit the filter; and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name]}
                for name in (
                    "consumer_id",
                    "dead_letter_ids",
                    "matched",
                    "from",
                    "to",
                    "death_reason",
                )
            ]
        }
    )
    dead_letter_ids: DeadLetterIds | None = None
    death_reason: DeathReason | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        said = (self.consumer_id, self.matched, self.begin, self.end, self.death_reason)
        filtered = any(each is not None for each in said)
        if filtered == (self.dead_letter_ids is not None):
            raise ValueError("send dead_letter_ids, or a filter, and not both")
        return self


class Resolve(Act):
    """Which open dead letters to mark as resolved, and why."""

    dead_letter_ids: DeadLetterIds


class DeadLetterListed(TypedDict):
    """A message that ended in a dead-letter queue; `event_id` is null if it matches no event.

    `superseded`: a later copy of its event had been sent. What has no `resolved_at` is open.
    """

    dead_letter_id: DeadLetterId
    consumer_id: ConsumerId
    consumer_name: Annotated[
        str, Described("Part of the names of the consumer's queues", "bank_north")
    ]
    queue_name: Annotated[
        str, Described("Where it was found", "customer_notification_bank_north_DLQ")
    ]
    event_id: EventId | None
    reason: Annotated[str, Described("Why it died, by the broker", "rejected")]
    matched: bool
    superseded: bool
    created_at: datetime
    size_bytes: Annotated[int, Described("The length of its body", 412)]
    resolved_at: datetime | None
    resolved_by: str | None
    resolved_reason: str | None
    requeued_at: Annotated[datetime | None, Described("When it was sent again", None)]


class DeadLetterList(TypedDict):
    """A page of dead letters; `total` is counted on the first page only, up to 200,000."""

    dead_letters: list[DeadLetterListed]
    next_cursor: NextCursor
    total: int | None
    at_least: Annotated[bool, Described("Whether there are more than `total`", False)]


class DeadLetterData(DeadLetterListed):
    """A dead letter with its body, at most 64 KiB of it, and its properties."""

    body: Annotated[str, Described("The body as text, or in base64", '{"event_id": "…"}')]
    body_encoding: Literal["utf-8", "base64"]
    body_truncated: bool
    properties: dict[str, Any]


class FailedLetter(TypedDict):
    """A letter that matches no event and was not taken by its queue."""

    dead_letter_id: DeadLetterId
    failure_reason: Annotated[str, Described("What the broker said", "nacked by the broker")]


class Requeued(SweepResult, DryRunFields):
    """What was sent again: events of matched letters, and letters that match none.

    A letter whose event may not be sent now stays open and counts as skipped. After a dry run the
    counts of what it found stand beside.
    """

    failed_letters: list[FailedLetter]


class Resolved(DryRunFields, total=False):
    """How many letters are resolved now, and how many were left out: resolved meanwhile."""

    resolved: int
    skipped: int
