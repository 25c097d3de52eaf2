"""What requests about lanes take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from fintegrate.console.acts import WithReason
from fintegrate.http.cursors import digits_only
from fintegrate.http.validation import Described, RequestModel

_AT = "2026-11-26T10:00:00.000000Z"
Paused = Annotated[bool, Described("Whether nothing is sent, on an admin's word", False)]
RequestsPerMinute = Annotated[
    int, Field(ge=1, le=1_000_000), Described("What the account may get in a minute", 600)
]
Concurrency = Annotated[int, Field(ge=1, le=64), Described("Requests side by side", 16)]
LaneNumber = Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(digits_only)]


class LanePath(RequestModel):
    """A lane's number in the path."""

    id: Annotated[LaneNumber, Described("The lane's number", 12)]


class LaneChange(WithReason):
    """What to change of a lane; what is left out stays."""

    paused: Paused | None = None
    requests_per_minute: RequestsPerMinute | None = None
    concurrency: Concurrency | None = None


class Lane(TypedDict):
    """A destination's lane."""

    lane_id: Annotated[int, Described("Its number", 12)]
    storefront: Annotated[str, Described("The storefront's code", "bosley")]
    destination: Annotated[str, Described("The adapter", "webhook")]
    is_active: Annotated[bool, Described("Whether new events are for it", True)]
    paused: Paused
    state: Annotated[
        Literal["open", "waiting", "failing", "blocked", "paused"],
        Described("Whether it is sent to, and if not why", "open"),
    ]
    reason: Annotated[str | None, Described("In the receiver's words; null if it is open", None)]
    since: Annotated[datetime, Described("Since when it is so", _AT)]
    next_try_at: Annotated[
        datetime | None, Described("When it is tried again; null if at once", None)
    ]
    requests_per_minute: RequestsPerMinute
    concurrency: Concurrency
    pending_count: Annotated[int, Described("Deliveries that are not done", 0)]
    oldest_pending_at: Annotated[
        datetime | None, Described("When the oldest of them was accepted", None)
    ]


class LaneList(TypedDict):
    """All lanes."""

    lanes: list[Lane]
