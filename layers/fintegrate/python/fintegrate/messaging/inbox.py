"""Settles the messages of a queue, each once, so that no message harms the others of its batch.

Amazon MQ's event source gives a batch back as a whole when its function raises, again and again. So a
message never raises here. It is applied together with its key in one transaction, or it is copied: to a
queue that waits before the next try, or to the dead letters. Only when the broker takes no copy the
batch comes back (`NotSettled`); what was applied by then is recognised by its key.

- A message that can never succeed is copied to the dead letters, and the rejection committed afterwards.
- One that may succeed later is copied to the waiting queue of its try. Tries are counted in `x-attempt`
  alone: what the broker counts in its own headers changes with its version.
- During an outage it, and the rest of the batch, wait without spending a try, for up to a day. So does
  one whose rejection cannot be written now.
- A message that comes again after its function died is noted before it is begun. At the third start
  without an end it goes to the dead letters as `crashed`.
- With too little time left the rest of the batch goes back to its queue, but never the whole batch.
- A batch that comes back waits a moment before, because the queue allows few deliveries.

The messages of a batch share one transaction, with a savepoint each. When its commit fails, each is
done again alone.

Leaves to the service what a message says (`read`), what it changes (`apply`), what a rejection leaves
behind (`reject`), and the sending of the rows that both write (`publish`).
Statements: `take` (writes the key of `owner`, `id`, `kind` and `outcome`; gives a row unless there is
one; with `again` also if that one is a rejection), `begin` (notes a start of `message`; gives `starts`),
`end` (removes the notes of `messages`).
Source: "Using Lambda with Amazon MQ" in Lambda's developer guide.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fintegrate.database import ConnectionLost, Database, Row
from fintegrate.errors import Unavailable
from fintegrate.messaging.copies import (
    ATTEMPT,
    REDRIVEN,
    SINCE,
    WAITS,
    attempt_of,
    copy_of,
    dead,
    identity_of,
    plain,
    since_of,
    waits_of,
)
from fintegrate.messaging.delivery import (
    Delivery,
    Ended,
    NotSettled,
    NotYet,
    Outage,
    Passage,
    Rejected,
    Step,
)
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.messaging.waiting_queues import WaitingQueues
from fintegrate.outcome import Result

__all__ = ["Delivery", "Inbox", "NotSettled", "NotYet", "Outage", "Passage", "Rejected", "Step"]
log = logging.getLogger(__name__)
E = TypeVar("E")
_BEGIN = "SAVEPOINT message"
_NEXT = "RELEASE SAVEPOINT message; SAVEPOINT message"
"""The end of a message and the beginning of the next. Released ones do not nest."""
MOST_STARTS = 3
MOST_OUTAGE_SECONDS = 24 * 60 * 60
COPY_SECONDS = 5.0
PAUSE_SECONDS = 10.0
"""Before a batch comes back: a delivery spends one of the few that the queue allows."""
GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Inbox(Generic[E]):
    """The inbox of one queue; `database` must be in no transaction.

    `read` raises `Rejected`, `apply` `Rejected`, `NotYet` or `Outage`. `apply` and `reject` return the
    rows to publish after the commit. A message is begun only if `least_seconds` are left.
    """

    database: Database
    publisher: Publisher
    queues: WaitingQueues
    statements: Mapping[str, str]
    read: Callable[[QueueMessage], Delivery[E]]
    apply: Callable[[Delivery[E]], Sequence[Row]]
    reject: Callable[[Delivery[E], str, str], Sequence[Row]]
    publish: Callable[[Sequence[Row], float], None]
    declare: Callable[[], None]
    """Declares the queues, if one of them is missing. Must not raise."""
    count: Callable[[str, int], None]
    """Counts the messages that ended in one way."""
    tell: Callable[[Sequence[Passage]], None] = lambda _passages: None
    """Tells of a batch, message by message, after it was settled or not. Must not raise."""
    least_seconds: float = 5.0
    pause: Callable[[float], None] = time.sleep

    def settle(
        self, messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
    ) -> Mapping[str, int]:
        """Settle a batch; returns how many messages ended in which way.

        Raises:
            NotSettled: the broker took not all copies.
        """
        return _Batch(self, messages, seconds_left).settle()


@dataclass(slots=True)
class _Batch(Generic[E]):
    """One batch on its way."""

    inbox: Inbox[E]
    messages: Sequence[QueueMessage]
    seconds_left: Callable[[], float]
    began: float = field(default_factory=time.monotonic)
    ended: dict[int, Ended] = field(default_factory=dict)
    """By the message's place in the batch."""
    written: list[Row] = field(default_factory=list)
    """What is published after the commits."""
    is_away: bool = False
    """Whether a server that messages need is."""
    has_begun: bool = False
    given_up: set[int] = field(default_factory=set)
    """Those that waited for a day."""
    took: dict[int, float] = field(default_factory=dict)
    """Seconds, of those that were begun."""
    unsettled: set[int] = field(default_factory=set)
    """Those of which the broker took no copy."""

    def settle(self) -> Mapping[str, int]:
        read = dict(self._read())
        fresh = {at: each for at, each in read.items() if not each.message.redelivered}
        if not self._together(fresh):
            self._each(fresh)
        self._each({at: each for at, each in read.items() if each.message.redelivered})
        self._copy_others()
        if self.written:
            self.inbox.publish(self.written, self.began)
        counts = {step.value: count for step, count in self._counts().items()}
        for step, count in counts.items():
            self.inbox.count(step, count)
        self.inbox.tell(list(self._passages()))
        if self.unsettled:
            self.inbox.pause(max(0.0, min(PAUSE_SECONDS, self.seconds_left() - 2)))
            # Nobody died. The database may have been away as well, and be back after the pause.
            with suppress(Unavailable):
                self._end([self.messages[at] for at in self.unsettled])
            raise NotSettled(f"the broker took no copy of {len(self.unsettled)} messages")
        return counts

    def _passages(self) -> Iterator[Passage]:
        for at, message in enumerate(self.messages):
            seconds, is_settled = self.took.get(at, 0.0), at not in self.unsettled
            yield Passage(message, self.ended[at], seconds, is_settled)

    def _counts(self) -> Counter[Step]:
        return Counter(ended.step for ended in self.ended.values())

    def _read(self) -> Iterator[tuple[int, Delivery[E]]]:
        for at, message in enumerate(self.messages):
            try:
                yield at, self.inbox.read(message)
            except Rejected as refused:
                self.ended[at] = Ended(Step.DEAD, refused.code, refused.reason, refused.delivery)
            except Exception as error:  # it must not cost its neighbours anything
                log.exception("message %s of %s was not read", message.message_id, message.queue)
                self.ended[at] = Ended(Step.DEAD, "unreadable", type(error).__name__)

    # Applying

    def _together(self, deliveries: Mapping[int, Delivery[E]]) -> bool:
        """Apply messages in one transaction. False: it did not commit, so nothing was applied."""
        if not deliveries:
            return True
        database, rows = self.inbox.database, list[Row]()
        ended: dict[int, Ended] = {}
        is_away = self.is_away
        try:
            with database.transaction():
                database.execute(_BEGIN, {})
                for at, delivery in deliveries.items():
                    if is_away:
                        ended[at] = Ended(Step.OUTAGE, delivery=delivery)
                        continue
                    if not self._has_time():
                        ended[at] = Ended(Step.BACK, delivery=delivery)
                        continue
                    began = time.monotonic()
                    ended[at], own = self._applied(delivery)
                    self.took[at] = time.monotonic() - began
                    is_away = ended[at].step is Step.OUTAGE
                    rows += own
        except Exception as error:  # also of a commit that the database refuses
            log.warning("%d messages are done one by one: %r", len(deliveries), error)
            return False
        self.ended |= ended
        self.written += rows
        self.is_away = is_away
        return True

    def _each(self, deliveries: Mapping[int, Delivery[E]]) -> None:
        """Apply messages one by one, each in a transaction of its own."""
        for at, delivery in deliveries.items():
            if self.is_away:
                self.ended[at] = Ended(Step.OUTAGE, delivery=delivery)
            elif not self._has_time():
                self.ended[at] = Ended(Step.BACK, delivery=delivery)
            else:
                began = time.monotonic()
                self.ended[at] = self._alone(delivery)
                self.took[at] = time.monotonic() - began
                self.is_away = self.ended[at].step is Step.OUTAGE

    def _alone(self, delivery: Delivery[E]) -> Ended:
        database = self.inbox.database
        try:
            if delivery.message.redelivered and self._starts(delivery) >= MOST_STARTS:
                said = f"its function ended {MOST_STARTS - 1} times without a result"
                return Ended(Step.DEAD, "crashed", said, delivery)
            with database.transaction():
                database.execute(_BEGIN, {})
                ended, rows = self._applied(delivery)
                self._end([delivery.message])
        except ConnectionLost as error:
            log.warning("%s waits for the database: %s", delivery.id, error)
            return Ended(Step.OUTAGE, delivery=delivery)
        except Exception as error:  # also of a commit that the database refuses
            return self._later(*_why(error, delivery), delivery)
        self.written += rows
        return ended

    def _applied(self, delivery: Delivery[E]) -> tuple[Ended, Sequence[Row]]:
        """Apply a message in the open transaction, behind its savepoint.

        Raises:
            ConnectionLost: the transaction is lost, too.
        """
        ended, rows = self._tried(delivery)
        if ended.step is not Step.APPLIED:
            self.inbox.database.execute("ROLLBACK TO SAVEPOINT message", {})
        return ended, rows

    def _tried(self, delivery: Delivery[E]) -> tuple[Ended, Sequence[Row]]:
        try:
            if not self._take(delivery, "processed"):
                return Ended(Step.SEEN, delivery=delivery), ()
            rows = self.inbox.apply(delivery)
            # Fails where an error has broken the transaction and the handler went on all the same:
            # then COMMIT would roll back, and say nothing.
            self.inbox.database.execute(_NEXT, {})
        except ConnectionLost:
            raise
        except Outage as error:
            log.warning("%s waits for a server: %s", delivery.id, error)
            return Ended(Step.OUTAGE, delivery=delivery), ()
        except Rejected as refused:
            return Ended(Step.DEAD, refused.code, refused.reason, delivery), ()
        except Exception as error:  # it must not cost its neighbours anything
            return self._later(*_why(error, delivery), delivery), ()
        return Ended(Step.APPLIED, delivery=delivery), rows

    def _take(self, delivery: Delivery[E], outcome: str) -> bool:
        """Write the key of a message; False if it is there."""
        key = {"owner": delivery.owner, "id": delivery.id, "kind": delivery.kind}
        said = {"outcome": outcome, "again": REDRIVEN in delivery.message.headers}
        return bool(self.inbox.database.fetch_all(self.inbox.statements["take"], {**key, **said}))

    def _later(self, code: str, reason: str, delivery: Delivery[E]) -> Ended:
        if attempt_of(delivery.message) < len(self.inbox.queues.waits):
            return Ended(Step.LATER, code, reason, delivery)
        return Ended(Step.DEAD, code, reason, delivery)

    def _has_time(self) -> bool:
        """Also for the first one: if a batch went back as a whole, it would go round for ever."""
        has_time = not self.has_begun or self.seconds_left() >= self.inbox.least_seconds
        self.has_begun = True
        return has_time

    def _starts(self, delivery: Delivery[E]) -> int:
        wanted = {"message": identity_of(delivery.message)}
        begin = self.inbox.statements["begin"]
        return int(self.inbox.database.fetch_all(begin, wanted)[0]["starts"])

    def _end(self, messages: Sequence[QueueMessage]) -> None:
        noted = [identity_of(message) for message in messages if message.redelivered]
        if noted:
            self.inbox.database.execute(self.inbox.statements["end"], {"messages": noted})

    # Copying

    def _copy_others(self) -> None:
        """Publish the copies, then commit the rejections."""
        self._judge_outages()
        copied = [at for at, ended in self.ended.items() if ended.step not in _DONE]
        refused = self._published(copied)
        waiting = [
            at
            for at in copied
            if at not in refused and self.ended[at].step is Step.DEAD and not self._rejected(at)
        ]
        for at in waiting:
            self.ended[at] = self.ended[at]._replace(step=Step.OUTAGE)
        self.unsettled = refused | self._published(waiting)

    def _judge_outages(self) -> None:
        """A day is enough to wait; and what cannot be rejected now is not dead yet."""
        for at, ended in self.ended.items():
            is_late = self.is_away and ended.step is Step.DEAD and ended.delivery is not None
            if is_late:
                self.ended[at] = ended._replace(step=Step.OUTAGE)
            waits = time.time() - since_of(self.messages[at])
            if self.ended[at].step is Step.OUTAGE and waits > MOST_OUTAGE_SECONDS:
                said = "what it needs was away for a day"
                self.ended[at] = Ended(Step.DEAD, GAVE_UP, said, ended.delivery)
                self.given_up.add(at)

    def _published(self, wanted: Sequence[int]) -> set[int]:
        """Publish copies of messages. Those of which the broker took none."""
        copies = [self._copy(at) for at in wanted]
        if not copies:
            return set()
        seconds = min(COPY_SECONDS, max(0.05, self.seconds_left() - 1))
        outcomes = self.inbox.publisher.publish(copies, seconds)
        lost = [n for n, outcome in enumerate(outcomes) if outcome.result is Result.UNROUTABLE]
        if lost:
            self.inbox.declare()
            again = self.inbox.publisher.publish([copies[n] for n in lost], seconds)
            for n, outcome in zip(lost, again, strict=True):
                outcomes[n] = outcome
        refused = set()
        for at, outcome in zip(wanted, outcomes, strict=True):
            if outcome.result is not Result.CONFIRMED:
                log.warning("no copy of %s: %s", self.messages[at].message_id, outcome.reason)
                refused.add(at)
        return refused

    def _rejected(self, at: int) -> bool:
        """Commit the key and the outcome of a message whose dead letter the broker has.

        False: not now. What can never be written is left to who reads the dead letters.
        """
        ended, database, rows = self.ended[at], self.inbox.database, list[Row]()
        delivery = ended.delivery
        if delivery is None:
            return True
        try:
            with database.transaction():
                if self._take(delivery, "rejected"):
                    rows = list(self.inbox.reject(delivery, ended.code, plain(ended.reason)))
                self._end([delivery.message])
        except Unavailable as error:
            log.warning("the rejection of %s was not written: %s", delivery.id, error)
            return at in self.given_up
        except Exception:
            log.exception("the rejection of %s cannot be written", delivery.id)
            return True
        self.written += rows
        return True

    def _copy(self, at: int) -> Message:
        ended, message = self.ended[at], self.messages[at]
        queues, attempt = self.inbox.queues, attempt_of(message)
        if ended.step is Step.DEAD:
            headers = {**dead(ended.code, ended.reason, attempt), SINCE: None, WAITS: None}
            return copy_of(message, queues.dead_letters, headers)
        if ended.step is Step.LATER:
            headers = {ATTEMPT: attempt + 1, SINCE: None, WAITS: None}
            return copy_of(message, queues.waiting(attempt + 1), headers)
        if ended.step is Step.BACK:
            return copy_of(message, queues.name, {})
        headers = {SINCE: since_of(message), WAITS: waits_of(message) + 1}
        return copy_of(message, queues.during_outages, headers)


def _why(error: Exception, delivery: Delivery[Any]) -> tuple[str, str]:
    """The code and the reason of what may succeed later."""
    if isinstance(error, NotYet):
        return error.code, error.reason
    if isinstance(error, Unavailable):  # a lock, a deadlock, a statement that took too long
        return GAVE_UP, str(error)
    log.error("%s %s failed", delivery.kind, delivery.id, exc_info=error)
    return GAVE_UP, f"a defect of ours ({type(error).__name__})"


_DONE = frozenset({Step.APPLIED, Step.SEEN})
