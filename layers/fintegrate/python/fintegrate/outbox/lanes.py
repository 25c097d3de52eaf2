"""Sends what is due through lanes, side by side, so that no lane delays another.

A lane is a destination: it has a backlog, a bound of requests at a time, and a health of its own. The
calling thread keeps the book, which is the only one to use the database: it claims batches of one lane
by lease and writes back how they ended. Other threads send, each one batch at a time, while no
transaction is open. When the process dies, its batches wait until their leases end.

Lanes take turns. Each gets its share of the free senders, at most its own `concurrency`. It begins with
one request at a time and gets one more with each answer, so that receivers that hang hold a sender each
and not all of them. A lane that is slow or fails gets one. A lane that is served leaves the last free
sender to one that is not. What a claim or a halving makes beyond that waits here, leased, for the lane's
next free sender.

A run ends when nothing is due. It waits for what becomes due within a few seconds, such as the first
retry, or the next request that an account may get: the next run may be a minute away.

Leaves to the system: what a batch is, how it is sent (`send`), and the statements (`Book`), which also
decide when a lane may be served.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from queue import Empty, SimpleQueue
from statistics import median
from typing import Any, NamedTuple, Protocol

from fintegrate.database import Row

log = logging.getLogger(__name__)
SLOW_SECONDS = 2.0
_REMEMBERED = 5
"""How many of a lane's last requests tell whether it is slow."""
_LOOK_SECONDS = 0.2
"""The book is asked again after this time which lanes have due rows, or sooner: see `_LOOKING`."""
_LOOKING = 0.1
"""The most of a run's time that goes into asking. What becomes due meanwhile waits that much less."""
_PAUSE_SECONDS = 0.02


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


class Book(Protocol):
    """The statements of a system's lanes."""

    def due(self) -> list[Row]:
        """The lanes with due rows that may be served now, the least recently served first.

        Each has `lane_id`, `concurrency` and `failures`.
        """

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        """Lease due rows for so many requests of the lane; none if it may not be served.

        More batches than that are fine, if rows cannot go out together after all.
        """

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        """Restart the leases of batches of one lane, each before a further request.

        Leaves out rows whose lease was lost. Releases all and returns none if the lane may not be served
        any more.
        """

    def wait(self) -> float | None:
        """The seconds until a lane may be served, 0 for now; None if there is nothing to send."""

    def write_back(self, sent: Sequence[Sent]) -> None:
        """Write how rows ended, and what it says of their lanes. Rows without a verdict stay leased."""


class Summary(NamedTuple):
    """What a run did: rows by the kind of their verdict, requests, and halvings."""

    rows: dict[str, int]
    requests: int
    halvings: int


@dataclass
class LaneRun:
    """One run of one process. `send` is called in threads and must not raise for what a receiver does.

    A batch is begun only if its lease lasts another `least_seconds`: the longest time of a request.
    """

    book: Book
    send: Callable[[Batch], Sent]
    senders: int = 64
    least_seconds: float = 10.0
    linger_seconds: float = 0.0
    """The run waits for what becomes due within this time."""
    _done: SimpleQueue[Sent] = field(default_factory=SimpleQueue)
    _running: Counter[Any] = field(default_factory=Counter)
    _ready: dict[Any, deque[Batch]] = field(default_factory=dict)
    _due: dict[Any, Row] = field(default_factory=dict)
    _looked_at: float = float("-inf")
    _look_again: float = _LOOK_SECONDS
    _took: dict[Any, deque[float]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=_REMEMBERED))
    )
    _failing: set[Any] = field(default_factory=set)
    _answers: Counter[Any] = field(default_factory=Counter)
    """Of a lane, since it last failed."""
    _rows: Counter[str] = field(default_factory=Counter)
    _requests: int = 0
    _halvings: int = 0

    def run(self, seconds: float) -> Summary:
        """Send what is due, and what becomes due, for at most `seconds` plus one request."""
        deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(self.senders, thread_name_prefix="lane") as pool:
            while True:
                self._collect()
                if time.monotonic() < deadline:
                    self._fill(pool)
                else:
                    self._release()
                if not self._busy and not self._waited(deadline):
                    break
        return Summary(dict(self._rows), self._requests, self._halvings)

    @property
    def _busy(self) -> int:
        return self._running.total()

    def _waited(self, deadline: float) -> bool:
        """Wait a moment for what is due soon; False if nothing is, before the run ends."""
        if self._ready:
            return True
        left = deadline - time.monotonic()
        wait = self.book.wait() if left > 0 else None
        if wait is None or wait > min(self.linger_seconds, left):
            return False
        time.sleep(min(max(wait, _PAUSE_SECONDS), _LOOK_SECONDS))
        self._looked_at = float("-inf")
        return True

    def _collect(self) -> None:
        """Write back what has ended; waits for the first while senders are busy."""
        ended: list[Sent] = []
        try:
            ended.append(self._ended(self._done.get(timeout=_PAUSE_SECONDS if self._busy else 0)))
            while True:
                ended.append(self._ended(self._done.get_nowait()))
        except Empty:
            pass
        if ended:
            self.book.write_back(ended)
            for sent in ended:
                self._halve(sent)

    def _ended(self, sent: Sent) -> Sent:
        lane_id = sent.batch.lane["lane_id"]
        self._running[lane_id] -= 1
        self._requests += sent.requested
        kinds = [verdict.kind for verdict in sent.verdicts if verdict is not None]
        self._rows.update(kind.value for kind in kinds)
        if sent.requested:
            self._took[lane_id].append(sent.milliseconds / 1000)
            if any(kind in AWAY for kind in kinds):
                self._failing.add(lane_id)
                self._answers[lane_id] = 0
            else:
                self._failing.discard(lane_id)
                self._answers[lane_id] += 1
        return sent

    def _halve(self, sent: Sent) -> None:
        batch = sent.batch
        left = [row for row, v in zip(batch.rows, sent.verdicts, strict=True) if v is None]
        if not left:
            return
        self._halvings += 1
        middle = (len(left) + 1) // 2
        halves = [batch._replace(rows=part) for part in (left[:middle], left[middle:]) if part]
        self._ready.setdefault(batch.lane["lane_id"], deque()).extend(halves)

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        self._look()
        ready = {lane_id: batches[0].lane for lane_id, batches in self._ready.items()}
        waiting = {**ready, **self._due}
        served = {lane_id: lane for lane_id, lane in waiting.items() if self._lacks(lane) > 0}
        for lane in served.values():
            room = self._room(lane, served)
            if room > 0:
                for batch in self._next(lane, room):
                    self._begin(pool, batch)

    def _next(self, lane: Row, room: int) -> list[Batch]:
        """The batches that the lane begins now: what is left of earlier ones, else newly claimed."""
        lane_id = lane["lane_id"]
        if ready := self._ready.pop(lane_id, None):
            taken = [ready.popleft() for _ in range(min(room, len(ready)))]
            if ready:
                self._ready[lane_id] = ready
            return self.book.renew(taken)
        batches = self.book.claim(lane, room)
        if len(batches) < room:
            self._due.pop(lane_id, None)
        if left := batches[room:]:
            self._ready[lane_id] = deque(left)
        return batches[:room]

    def _look(self) -> None:
        """Ask the book which lanes are due, now and then."""
        now = time.monotonic()
        if now - self._looked_at < (self._look_again if self._due or self._busy else 0):
            return
        self._looked_at = now
        self._due = {lane["lane_id"]: lane for lane in self.book.due()}
        took = time.monotonic() - now
        self._look_again = min(_LOOK_SECONDS, max(_PAUSE_SECONDS, took / _LOOKING))

    def _room(self, lane: Row, served: Mapping[Any, Row]) -> int:
        """How many requests this lane may begin now."""
        free = self.senders - self._busy
        own = self._running[lane["lane_id"]]
        share = max(1, free // len(served))
        if free == 1 and own and any(not self._running[other] for other in served):
            return 0
        return min(self._lacks(lane), share, free)

    def _lacks(self, lane: Row) -> int:
        """How many requests it may have more. A lane that has all of its own needs no share."""
        return self._allowed(lane) - self._running[lane["lane_id"]]

    def _allowed(self, lane: Row) -> int:
        took = self._took[lane["lane_id"]]
        slow = bool(took) and median(took) > SLOW_SECONDS
        troubled = slow or lane["failures"] > 0 or lane["lane_id"] in self._failing
        proven = 1 + self._answers[lane["lane_id"]]
        return 1 if troubled else min(int(lane["concurrency"]), proven)

    def _begin(self, pool: ThreadPoolExecutor, batch: Batch) -> None:
        self._running[batch.lane["lane_id"]] += 1
        pool.submit(self._send, batch)

    def _send(self, batch: Batch) -> None:
        if time.monotonic() + self.least_seconds > batch.ends:
            self._done.put(_all(batch, Kind.POSTPONED, "the lease was nearly over"))
            return
        self._done.put(attempt(self.send, batch))

    def _release(self) -> None:
        """At the run's end nothing more is begun: what waits here is due again."""
        left = [batch for batches in self._ready.values() for batch in batches]
        self._ready.clear()
        if left:
            self.book.write_back([_all(batch, Kind.POSTPONED, "the run is over") for batch in left])


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
        return _all(batch, Kind.FAULT, f"our own fault: {kind}")


def _all(batch: Batch, kind: Kind, reason: str) -> Sent:
    """A batch of which nothing was sent."""
    return Sent(batch, [Verdict(kind, reason)] * len(batch.rows), requested=False)
