"""What goes out through a lane in one request, how that ended for each row, and one attempt at it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

from fintegrate.database import Row

log = logging.getLogger(__name__)


class Kind(Enum):
    """What an answer means for one row."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """The receiver does not want this row: it is never sent again."""
    SKIPPED = "skipped"
    """Not sent, because it must not be or cannot be; the reason says why."""
    EXPIRED = "expired"
    """Not sent, because it is too old for the receiver."""
    CONFIGURATION = "configuration"
    """The receiver refuses the lane, whatever the row: a token, an address, a permission is wrong."""
    OVERLOAD = "overload"
    """The receiver wants fewer requests for a while."""
    OUTAGE = "outage"
    """The receiver is away."""
    UNKNOWN = "unknown"
    """Sent whole, and no readable answer came: it may have arrived."""
    FAULT = "fault"
    """Our own code failed on it, before a request was made."""
    POSTPONED = "postponed"
    """Not sent now, for no reason of its own: due again at once."""


AWAY = frozenset({Kind.OUTAGE, Kind.UNKNOWN})


class Verdict(NamedTuple):
    """How it ended for one row, with the reason in a few words."""

    kind: Kind
    reason: str = ""
    wait: float | None = None
    """The seconds for which the receiver asked to wait; infinite: until somebody changes the lane."""
    code: str | None = None
    """The receiver's own code."""


DELIVERED = Verdict(Kind.DELIVERED)


class Batch(NamedTuple):
    """Rows of one lane that go out in one request, before `ends` on this process's monotonic clock."""

    lane: Row
    rows: Sequence[Row]
    token: str
    ends: float
    is_probe: bool = False
    """Whether it is the one try of a lane that is closed."""
    paid: bool = True
    """Whether its account has given the request. Each half of a batch is a further one."""


class Sent(NamedTuple):
    """How a batch ended, by a verdict per row.

    Rows without one were refused together, and nobody said which was at fault: their halves are sent.
    """

    batch: Batch
    verdicts: Sequence[Verdict | None]
    milliseconds: int = 0
    http_status: int | None = None
    requested: bool = True
    """Whether a request was made at all. Without one no try is spent, and none is noted."""


def attempt(send: Callable[[Batch], Sent], batch: Batch) -> Sent:
    """Send a batch. Never raises: what our own code does wrong is a verdict, too.

    It may be one row that does it, so several rows are halved until that one is alone.
    """
    try:
        return send(batch)
    except Exception as error:
        # Neither the error's text nor its traceback is kept: they may hold what is in the row.
        last = traceback.extract_tb(error.__traceback__)[-1]
        kind, place = type(error).__name__, f"{last.name}, line {last.lineno}"
        log.error("sending through lane %s failed: %s in %s", batch.lane["lane_id"], kind, place)  # noqa: TRY400
        if len(batch.rows) > 1:
            return Sent(batch, [None] * len(batch.rows), requested=False)
        return unsent(batch, Kind.FAULT, f"our own fault: {kind}")


def unsent(batch: Batch, kind: Kind, reason: str) -> Sent:
    """A batch of which nothing was sent."""
    return Sent(batch, [Verdict(kind, reason)] * len(batch.rows), requested=False)
