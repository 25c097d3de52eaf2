"""What a request for the relay's first screen takes and what its answer gives."""

from datetime import datetime
from typing import Annotated, Literal

from chalicelib.relay.lanes.models import LaneNumber
from fintegrate.console.shapes import StreamShown, SystemOverview
from fintegrate.http.validation import Described, RequestModel

Stream = Annotated[LaneNumber | None, Described("Only of this lane", None)]


class OverviewRequest(RequestModel):
    """Of all lanes, or one."""

    stream: Stream = None


class LaneStream(StreamShown):
    """A lane: one destination of a storefront."""

    state: Annotated[
        Literal["open", "waiting", "failing", "blocked", "paused"],
        Described("Whether it is sent to, and if not why", "open"),
    ]
    reason: Annotated[str | None, Described("In the receiver's words; null if it is open", None)]
    since: Annotated[datetime, Described("Since when it is so", "2026-11-26T10:00:00.000000Z")]
    next_try_at: Annotated[
        datetime | None, Described("When it is tried again; null if at once or never", None)
    ]


class RelayOverview(SystemOverview):
    """Everything that the first screen draws of the relay."""

    streams: list[LaneStream]  # type: ignore[misc]  # each has further members
