"""Sends what is due through lanes, side by side, so that no lane delays another.

A lane is a destination: it has a backlog, a bound of requests at a time, and a health of its own. The
calling thread keeps the book, which is the only one to use the database: it claims batches of one lane
by lease and writes back how they ended. Other threads send, each one batch at a time, while no
transaction is open. When the process dies, its batches wait until their leases end.

Lanes take turns. Each gets its share of the free senders, at most its own `concurrency`. It begins with
one request at a time and gets one more with each answer, so that receivers that hang hold a sender each
and not all of them. A lane that is slow or fails gets one. A lane that is served leaves the last free
sender to one that is not.

A lane has those batches claimed ahead that it sends in a tenth of a second. A sender whose answer
changes nothing for the lane goes on with the next of them, and the book is not asked. It is asked first
(`renew`) after any other answer, for what waited longer than a second, and for what a halving made.

A run ends when nothing is due. It waits for what becomes due within a few seconds, such as the first
retry, or the next request that an account may get: the next run may be a minute away.

Leaves to the system: what a batch is, how it is sent (`send`), and the statements (`Book`), which also
decide when a lane may be served.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from fintegrate.database import RolledBack, Row
from fintegrate.outbox.batches import Batch, Kind, Sent, attempt, unsent
from fintegrate.outbox.lane_book import Book
from fintegrate.outbox.served_lane import ServedLane

_LOOK_SECONDS = 0.2
"""The book is asked again after this time which lanes have due rows, or sooner: see `_LOOKING`."""
_LOOKING = 0.1
"""The most of a run's time that goes into asking. What becomes due meanwhile waits that much less."""
_PAUSE_SECONDS = 0.02
"""So long answers wait for others, to be written back together."""
_TOGETHER = 64
"""So many answers do not wait."""
_BUSY_PAUSE_SECONDS, _BUSY_TOGETHER = 0.05, 192
"""The same while every lane that has answered has all requests that it may have: a sooner statement
would begin none."""
_LEAST_AHEAD = 2
"""A lane's share of the senders counts as so many, however many lanes there are."""
_ROWS_AHEAD = 2_000
"""The rows that are claimed ahead, of all lanes."""
_TRIES = 3
"""How often the book is asked for what the server undoes to end a deadlock."""
T = TypeVar("T")


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
    _alone: threading.Lock = field(default_factory=threading.Lock)
    """Guards the lanes and the numbers of busy senders."""
    _wake: threading.Event = field(default_factory=threading.Event)
    """There is something to do for the book."""
    _done: deque[_Answer] = field(default_factory=deque)
    """Answers as they come; the book moves them to `_ended`."""
    _ended: list[_Answer] = field(default_factory=list)
    """Answers that are to be written back."""
    _lanes: dict[Any, ServedLane] = field(default_factory=dict)
    _due: dict[Any, ServedLane] = field(default_factory=dict)
    _busy: int = 0
    _share: int = 0
    """A lane with more senders gives one back after each answer: all, while no lane waits for one."""
    _deadline: float = float("inf")
    _looked_at: float = float("-inf")
    _look_again: float = _LOOK_SECONDS
    _rows: Counter[str] = field(default_factory=Counter)
    _requests: int = 0
    _halvings: int = 0

    def run(self, seconds: float) -> Summary:
        """Send what is due, and what becomes due, for at most `seconds` plus one request."""
        self._deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(self.senders, thread_name_prefix="lane") as pool:
            try:
                while self._turn(pool) or self._waited():
                    pass
            finally:
                self._deadline = float("-inf")  # without a book no sender goes on
        return Summary(dict(self._rows), self._requests, self._halvings)

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        """Do what there is to do for the book; returns whether answers are to come."""
        is_idle = not self._busy
        self._wake.wait(0 if is_idle else self._patience())
        self._wake.clear()
        while self._done:
            self._ended.append(self._done.popleft())
        if time.monotonic() < self._deadline:
            self._begin_ready(pool)
            self._write_back(at_once=is_idle)
            self._look()
            self._fill(pool)
        else:
            self._write_back(at_once=True)
            self._release([batch for lane in self._lanes.values() for batch in self._all_of(lane)])
        return bool(self._busy or self._done or self._ended)

    def _patience(self) -> float:
        """How long the answers that are not written back may wait for others."""
        if not self._ended:
            return _PAUSE_SECONDS
        lanes = {id(each.lane): each.lane for each in self._ended}.values()
        with self._alone:
            is_busy = not any(lane.lacks > 0 for lane in lanes)
        together, pause = (
            (_BUSY_TOGETHER, _BUSY_PAUSE_SECONDS) if is_busy else (_TOGETHER, _PAUSE_SECONDS)
        )
        if len(self._ended) >= together:
            return 0.0
        return max(0.0, self._ended[0].at + pause - time.monotonic())

    def _waited(self) -> bool:
        """Wait a moment for what is due soon; False if nothing is, before the run ends."""
        if any(lane.ready or lane.again for lane in self._lanes.values()):
            return True
        left = self._deadline - time.monotonic()
        wait = self.book.wait() if left > 0 else None
        if wait is None or wait > min(self.linger_seconds, left):
            return False
        time.sleep(min(max(wait, _PAUSE_SECONDS), _LOOK_SECONDS))
        self._looked_at = float("-inf")
        return True

    def _write_back(self, *, at_once: bool) -> None:
        """Write back what has ended, many answers together. One that says something does not wait."""
        ended = self._ended
        says = [each for each in ended if not each.is_plain]
        if not ended or not (at_once or says or not self._patience()):
            return
        self._ended = []
        _insist(lambda: self.book.write_back([each.sent for each in ended]))
        for each in ended:
            self._requests += each.sent.requested
            for verdict in each.sent.verdicts:
                if verdict is not None:
                    self._rows[verdict.kind.value] += 1
        with self._alone:
            for each in says:
                each.lane.unsure -= 1
                self._halve(each)

    def _halve(self, answer: _Answer) -> None:
        batch, verdicts = answer.sent.batch, answer.sent.verdicts
        left = [row for row, verdict in zip(batch.rows, verdicts, strict=True) if verdict is None]
        if left:
            self._halvings += 1
            answer.lane.halve(batch, left)

    def _look(self) -> None:
        """Ask the book which lanes are due, now and then."""
        now = time.monotonic()
        if now - self._looked_at < (self._look_again if self._due or self._busy else 0):
            return
        self._looked_at = now
        self._due = {row["lane_id"]: self._lane_of(row) for row in self.book.due()}
        took = time.monotonic() - now
        self._look_again = min(_LOOK_SECONDS, max(_PAUSE_SECONDS, took / _LOOKING))

    def _lane_of(self, row: Row) -> ServedLane:
        lane = self._lanes.setdefault(row["lane_id"], ServedLane(row))
        lane.row = row
        return lane

    def _begin_ready(self, pool: ThreadPoolExecutor) -> None:
        """Begin what needs no statement, so that senders do not wait for one."""
        waiting = self._waiting()
        served = [lane for lane in waiting if lane.lacks > 0]
        for lane in served:
            if lane.ready and not lane.again:
                self._begin(pool, lane, self._room(lane, served))

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        """Begin what free senders can take, and claim ahead."""
        waiting = self._waiting()
        served = [lane for lane in waiting if lane.lacks > 0]
        rows = _ROWS_AHEAD - sum(lane.rows_ready for lane in waiting)
        for lane in waiting:
            room, own = self._room(lane, served), lane.rows_ready
            self._supply(lane, room, lane.ahead(max(self._share, _LEAST_AHEAD), rows + own))
            self._begin(pool, lane, room)
            rows -= lane.rows_ready - own
        self._share = self.senders
        if self._busy >= self.senders and any(lane.lacks > 0 for lane in waiting):
            self._share //= max(1, sum(map(self._is_served, self._lanes.values())))

    def _is_served(self, lane: ServedLane) -> bool:
        return bool(lane.running or lane.ready or lane.again or lane.row["lane_id"] in self._due)

    def _waiting(self) -> list[ServedLane]:
        """The lanes with something to send, the least recently served first."""
        now = time.monotonic()
        with self._alone:
            for lane in self._lanes.values():
                lane.sort(now)
        claimed = {key: lane for key, lane in self._lanes.items() if lane.ready or lane.again}
        return sorted((claimed | self._due).values(), key=lambda lane: lane.served_at)

    def _supply(self, lane: ServedLane, room: int, ahead: int) -> None:
        """Have so many batches ready for the lane, or at least enough for now, by one statement."""
        lane.low = ahead // 2
        if lane.again:
            if room > 0:
                self._renew(lane, room + ahead)
        elif len(lane.ready) - room <= lane.low:
            self._claim(lane, room + ahead - len(lane.ready))

    def _renew(self, lane: ServedLane, most: int) -> None:
        with self._alone:
            taken = [lane.again.popleft() for _ in range(min(most, len(lane.again)))]
        kept, now = self.book.renew(taken), time.monotonic()
        with self._alone:
            lane.ready.extendleft((now, batch) for batch in reversed(kept))
        if not kept:
            self._release(self._all_of(lane))

    def _claim(self, lane: ServedLane, requests: int) -> None:
        lane_id = lane.row["lane_id"]
        if requests <= 0 or lane_id not in self._due:
            return
        claimed = _insist(lambda: self.book.claim(lane.row, requests))
        now = time.monotonic()
        if len(claimed) < requests:
            self._due.pop(lane_id)
        if claimed:
            with self._alone:
                lane.add(claimed, now)

    def _room(self, lane: ServedLane, served: Sequence[ServedLane]) -> int:
        """How many requests this lane may begin now. `served` may begin some, too."""
        free = self.senders - self._busy
        if free <= 0 or lane.lacks <= 0:
            return 0
        if free == 1 and lane.running and any(not other.running for other in served):
            return 0
        return min(lane.lacks, max(1, free // max(1, len(served))), free)

    def _begin(self, pool: ThreadPoolExecutor, lane: ServedLane, room: int) -> None:
        with self._alone:
            room = 0 if lane.unsure else min(room, len(lane.ready))
            batches = [lane.ready.popleft()[1] for _ in range(room)]
            lane.running += room
            self._busy += room
            lane.served_at = time.monotonic() if room else lane.served_at
        for batch in batches:
            pool.submit(self._send, lane, batch)

    def _send(self, lane: ServedLane, batch: Batch) -> None:
        """Send a batch, and after it what is ready. Runs in a sender's thread."""
        following: Batch | None = batch
        sender = threading.get_ident()
        while following is not None:
            lane.under_way[sender] = time.monotonic()
            sent = self._sent(following)
            del lane.under_way[sender]
            following = self._next(lane, sent)

    def _sent(self, batch: Batch) -> Sent:
        if time.monotonic() + self.least_seconds > batch.ends:
            return unsent(batch, Kind.POSTPONED, "the lease was nearly over")
        return attempt(self.send, batch)

    def _next(self, lane: ServedLane, sent: Sent) -> Batch | None:
        """Tell the book of an answer; the batch with which its sender goes on, if it may."""
        now = time.monotonic()
        with self._alone:
            is_plain = lane.note(sent)
            self._done.append(_Answer(lane, sent, is_plain, now))
            following = lane.next(self._share, now) if now < self._deadline else None
            if following is None:
                lane.running -= 1
                self._busy -= 1
            has_room = lane.lacks > 0 and self._busy < self.senders
            lasts = following is not None and len(lane.ready) > lane.low and not has_room
        if not lasts or len(self._done) >= _TOGETHER:
            self._wake.set()
        return following

    def _all_of(self, lane: ServedLane) -> list[Batch]:
        with self._alone:
            return lane.take_all()

    def _release(self, batches: Sequence[Batch]) -> None:
        """What is not begun any more is due again."""
        if batches:
            self.book.release(batches)


def _insist(ask: Callable[[], T]) -> T:
    """What the book answers. One deadlock must not lose the answers of every lane."""
    for _ in range(_TRIES - 1):
        try:
            return ask()
        except RolledBack:
            continue
    return ask()


class _Answer(NamedTuple):
    """How a request ended, and when. A plain one changes nothing for its lane."""

    lane: ServedLane
    sent: Sent
    is_plain: bool
    at: float
