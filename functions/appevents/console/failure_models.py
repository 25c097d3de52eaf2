"""What a request for groups of failures takes, and what its answer gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.appevents.ops.models import Service
from fintegrate.http.validation import Described, Instant, RequestModel

_AT = "2026-11-26T10:00:00+00:00"


class Failures(RequestModel):
    """Which failures to group."""

    begin: Annotated[
        Instant | None,
        Field(alias="from"),
        Described("Only what was accepted since then, and dead letters since then", _AT),
    ] = None
    stream: Service | None = None


class FailureGroup(TypedDict):
    """Failures of one function with one cause."""

    failure_group: Annotated[str, Described("The group's id; stays the same", "9b2f6c0d4e8a1357")]
    stream: Annotated[str, Described("The function", "machine")]
    stream_name: Annotated[str, Described("Its name", "machine")]
    stage: Annotated[
        Literal["rejected", "dead_lettered", "failed"],
        Described("Refused and no dead letter; a dead letter; an upload that failed", "rejected"),
    ]
    event_type: Annotated[
        str | None, Described("The type; null if its message does not say", "machine.note.saved")
    ]
    reason: Annotated[str | None, Described("The stable code", "gave_up")]
    events: Annotated[int, Described("How many", 3)]
    customers: Annotated[None, Described("Users are not counted", None)]
    first_at: Annotated[datetime, Described("The first of them", _AT)]
    last_at: Annotated[datetime, Described("The last of them", _AT)]
    sample_event_id: Annotated[
        str | None,
        Described(
            "The newest; null if it is no client's event", "550e8400-e29b-41d4-a716-446655440000"
        ),
    ]


class RestOfFailures(TypedDict):
    """What the smaller groups have together."""

    events: int
    groups: int


class FailureGroups(TypedDict):
    """The largest groups, at most 200. `truncated`: there are more failures than were looked at."""

    groups: list[FailureGroup]
    rest: RestOfFailures | None
    truncated: bool
    as_of: datetime
