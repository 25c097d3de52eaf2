"""What a run knows of one lane: how its receiver does, what is under way, what is claimed ahead.

Decides how many requests the lane may have at a time, and whether a sender may go on with what is ready
or the book must look at the lane first. The run's lock guards it. Uses no database.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from fintegrate.database import Row
from fintegrate.outbox.batches import AWAY, Batch, Kind, Sent

SLOW_SECONDS = 2.0
FRESH_SECONDS = 1.0
"""What is ready for longer is renewed before it is sent: an admin may have paused the lane meanwhile."""
_AHEAD_SECONDS = 0.1
"""What a lane sends in this time is claimed ahead."""
_MOST_AHEAD = 4
"""The batches that are claimed ahead for each request at a time, however quick the lane is."""
_REMEMBERED = 5
"""How many of a lane's last requests tell how long they take."""
_PLAIN = frozenset({Kind.DELIVERED, Kind.SKIPPED, Kind.EXPIRED, Kind.POSTPONED})


@dataclass(slots=True)
class ServedLane:
    """One lane of a run."""

    row: Row
    running: int = 0
    """Requests under way."""
    served_at: float = float("-inf")
    """When the book last gave it a sender."""
    unsure: int = 0
    """Answers that are not written back yet and may close the lane, or open it."""
    ready: deque[tuple[float, Batch]] = field(default_factory=deque)
    """Batches that may go out at once, each with the time since when that holds."""
    again: deque[Batch] = field(default_factory=deque)
    """Batches that are renewed first: halves, what was ready for too long, what nobody has paid."""
    low: int = 0
    """The book is asked for more when no more than these are ready."""
    is_failing: bool = False
    answers: int = 0
    """Since it last failed."""
    took: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    under_way: dict[int, float] = field(default_factory=dict)
    """By its sender, when each request began that is not answered."""

    @property
    def is_slow(self) -> bool:
        """Whether it usually is, or hangs now: its answers come too late to tell."""
        if self.took and self._usual > SLOW_SECONDS:
            return True
        began = min(list(self.under_way.values()), default=None)
        return began is not None and time.monotonic() - began > SLOW_SECONDS

    @property
    def is_troubled(self) -> bool:
        return self.is_failing or self.row["failures"] > 0 or self.is_slow

    @property
    def allowed(self) -> int:
        """How many requests it may have at a time. It begins with one; each answer earns one more."""
        return 1 if self.is_troubled else min(int(self.row["concurrency"]), 1 + self.answers)

    @property
    def lacks(self) -> int:
        """How many requests it may have more. A lane that has all of its own needs no share."""
        return 0 if self.unsure else self.allowed - self.running

    @property
    def batch(self) -> int:
        return int(self.row.get("batch", 1))

    @property
    def rows_ready(self) -> int:
        """How many at most."""
        return len(self.ready) * self.batch

    def ahead(self, share: int, rows: int) -> int:
        """How many batches may be claimed ahead: of its share of senders, and of so many rows."""
        if self.unsure or self.is_troubled or not self.took:
            return 0
        each = min(_MOST_AHEAD, _AHEAD_SECONDS / max(self._usual, 0.001))
        return min(int(each * min(self.allowed, share)), max(0, rows) // self.batch)

    def note(self, sent: Sent) -> bool:
        """Learn from an answer; whether the lane may go on before the book has looked at it."""
        kinds = {verdict and verdict.kind for verdict in sent.verdicts}
        if sent.requested:
            self.took.append(sent.milliseconds / 1000)
            self.is_failing = not kinds.isdisjoint(AWAY)
            self.answers = 0 if self.is_failing else self.answers + 1
        is_plain = kinds <= _PLAIN and not sent.batch.is_probe
        self.unsure += not is_plain
        return is_plain

    def next(self, share: int, now: float) -> Batch | None:
        """What the sender of an answer goes on with; None if it is the book's turn.

        It goes on if the lane has no more senders than its share, and nothing waits that must go first.
        """
        self.sort(now)
        if self.again or not self.ready or self.running > min(self.allowed, share):
            return None
        return self.ready.popleft()[1]

    def sort(self, now: float) -> None:
        """Leave ready only what may go out without a look at the lane."""
        ready = self.ready
        stops = bool(ready) and (self.unsure > 0 or self.is_troubled)
        while ready and (stops or now - ready[0][0] > FRESH_SECONDS):
            self.again.append(ready.popleft()[1])

    def add(self, claimed: Sequence[Batch], now: float) -> None:
        """Keep what was claimed."""
        self.ready.extend((now, batch) for batch in claimed if batch.paid)
        self.again.extend(batch for batch in claimed if not batch.paid)

    def halve(self, batch: Batch, rows: Sequence[Row]) -> None:
        """Keep the halves of these rows of a batch. They go before what is ready."""
        middle = (len(rows) + 1) // 2
        halves = [
            batch._replace(rows=part, paid=False) for part in (rows[:middle], rows[middle:]) if part
        ]
        self.again.extendleft(reversed(halves))

    def take_all(self) -> list[Batch]:
        """Everything that waits here."""
        waiting = [*self.again, *(batch for _, batch in self.ready)]
        self.again.clear()
        self.ready.clear()
        return waiting

    @property
    def _usual(self) -> float:
        return sorted(self.took)[len(self.took) // 2]
