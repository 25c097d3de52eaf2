"""What requests about replays take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from chalicelib.banking.events.models import EventState, EventTypes, ScopedRequest
from chalicelib.banking.fields import ConsumerId, CustomerId, EventId
from fintegrate.console.acts import Act, ActReason, DryRunFields
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, RequestModel, Text

Mode = Literal["missed", "all"]
Status = Literal["queued", "running", "paused", "cancelled", "done"]
PerSecond = Annotated[
    int, Field(ge=1, le=500), Described("How many events are sent in any second, at most", 50)
]
JobId = Annotated[UUID, Described("The job's id", "9a1f64c2-0c7b-4f0e-8d52-7f3f5d0c9e11")]
MISSED: frozenset[EventState] = frozenset(
    ("publish_failed", "in_queue", "received", "delivery_failed", "dead_lettered")
)
"""The states of what a bank has missed. What is pending goes by itself."""
ALL = MISSED | {"processed"}


class Replay(Act, Span):
    """Which events of a bank to send again: `event_ids`, or any of the other filters, or all."""

    consumer_id: ConsumerId | None = None
    event_ids: Annotated[list[EventId], Field(min_length=1, max_length=1000)] | None = None
    states: (
        Annotated[
            list[EventState],
            Field(min_length=1, max_length=8),
            Described("Only events in these states", ["publish_failed"]),
        ]
        | None
    ) = None
    event_types: EventTypes | None = None
    customer_id: CustomerId | None = None
    failure_group: (
        Annotated[
            Text,
            Field(max_length=64),
            Described("Only failures of this group of `GET /events/failures`", "9b2f6c0d4e8a1357"),
        ]
        | None
    ) = None
    mode: Annotated[
        Mode, Described("`missed`: what the bank has not processed; `all`: also what it has", "all")
    ] = "missed"
    include_late: Annotated[
        bool,
        Described("Whether to send failed events after their successors, marked late", False),
    ] = False
    per_second: PerSecond = 50

    @model_validator(mode="after")
    def _filter_makes_sense(self) -> Self:
        others = (self.states, self.event_types, self.begin, self.end, self.customer_id)
        named = any(other is not None for other in (*others, self.failure_group))
        if self.event_ids is not None and named:
            raise ValueError("event_ids goes with no other filter")
        known = MISSED if self.mode == "missed" else ALL
        if wrong := set(self.states or ()) - known:
            told = " and ".join(sorted(wrong))
            more = "; processed goes with mode all" if "processed" in wrong else ""
            raise ValueError(f"states: {told} cannot be replayed{more}")
        return self


class Job(TypedDict):
    """A replay. When it is done, `matched = sent + refused + left_out`."""

    job_id: JobId
    consumer_id: ConsumerId
    consumer_name: str
    status: Status
    mode: Mode
    filter: Annotated[dict[str, object], Described("The filters", {"states": ["publish_failed"]})]
    include_late: bool
    reason: str | None
    actor: Annotated[str, Described("Who made it, by their own word; may be empty", "anna")]
    per_second: PerSecond
    matched: Annotated[int, Described("How many events it has", 12166)]
    sent: Annotated[int, Described("Sent, or put back to wait", 7421)]
    put_back: Annotated[
        int, Described("Of those, put back to wait: they go in order, within a minute", 12)
    ]
    confirmed_again: Annotated[int, Described("Of those, processed by the bank since", 3980)]
    refused: Annotated[int, Described("Returned by the broker or refused for themselves", 0)]
    left_out: Annotated[int, Described("Processed meanwhile, or late, or on their way", 0)]
    per_second_now: Annotated[int, Described("Sent in the last second", 50)]
    eta_seconds: Annotated[int | None, Described("Until it is done; null while it waits", 95)]
    waits_for: Annotated[str | None, Described("Why nothing is sent now", None)]
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None


class ReplayMade(DryRunFields, total=False):
    """What a dry run counted; else the whole job, as `GET /replay/data` gives it."""

    job_id: JobId
    consumer_id: ConsumerId
    status: Status
    mode: Mode
    per_second: PerSecond
    sent: int


class JobRef(RequestModel):
    """One job."""

    job_id: JobId


class JobListing(ScopedRequest):
    """Which jobs to list, newest first."""

    status: Status | None = None
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class JobList(TypedDict):
    """A page of jobs."""

    jobs: list[Job]
    next_cursor: NextCursor


class JobChange(RequestModel):
    """What to do with a job, and its new rate. To change only the rate, repeat what the job does."""

    job_id: JobId
    action: Annotated[Literal["pause", "resume", "cancel"], Described("What to do", "pause")]
    per_second: PerSecond | None = None
    reason: ActReason | None = None
