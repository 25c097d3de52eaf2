"""Settles the messages of a queue, each once, so that no message costs its neighbours anything.

Amazon MQ's event source gives a batch back as a whole when its function raises, again and again. So a
message never raises here. It is applied together with its key in one transaction, or it is copied: to a
queue that waits before the next try, or to the dead letters. Only when the broker takes no copy the
batch comes back (`NotSettled`); what was applied by then is recognised by its key.

- A message that can never succeed is copied to the dead letters, and the rejection committed afterwards.
- One that may succeed later is copied to the waiting queue of its try. Tries are counted in `x-attempt`
  alone: what the broker counts in its own headers changes with its version.
- During an outage it, and the rest of the batch, wait without spending a try, for up to a day.
- A message that comes again after its function died is noted before it is begun. At the third start
  without an end it goes to the dead letters as `crashed`.
- With too little time left the rest of the batch goes back to its queue.

The messages of a batch share one transaction, with a savepoint each. When its commit fails, each is
done again alone.

Leaves to the service what a message says (`read`), what it changes (`apply`), what a rejection leaves
behind (`reject`), and the sending of the rows that both write (`publish`).
Statements: `take` (writes the key of `owner`, `id`, `kind` and `outcome`; gives a row unless there is
one), `begin` (notes a start of `message`; gives `starts`), `end` (removes the notes of `messages`).
Source: "Using Lambda with Amazon MQ" in Lambda's developer guide.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

import pika

from fintegrate.database import ConnectionLost, Database, Row
from fintegrate.errors import Unavailable
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.messaging.waiting_queues import WaitingQueues
from fintegrate.outcome import Result

log = logging.getLogger(__name__)
E = TypeVar("E")
ATTEMPT, SINCE = "x-attempt", "x-outage-since"
MOST_STARTS = 3
MOST_OUTAGE_SECONDS = 24 * 60 * 60
COPY_SECONDS = 5.0
GAVE_UP = "gave_up"


class NotSettled(Exception):
    """The broker did not take copies of messages, so the whole batch must come back."""


class Rejected(Exception):
    """A message can never succeed; `code` is a stable word, `reason` a sentence.

    `delivery` is what could be read of it; without one the rejection leaves nothing behind but the dead
    letter.
    """

    def __init__(self, code: str, reason: str, delivery: Delivery[Any] | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.delivery = delivery


class NotYet(Exception):
    """A message may succeed later, such as one whose predecessor has not come; as `Rejected`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Outage(Exception):
    """A server that the message needs is away. It says nothing about the message."""


class Delivery(NamedTuple, Generic[E]):
    """What a message says. `owner` and `id` are its key."""

    owner: str
    id: str
    kind: str
    event: E
    message: QueueMessage


class Step(Enum):
    """What becomes of a message, by the names of the summary."""

    APPLIED = "applied"
    SEEN = "seen"
    DEAD = "dead"
    LATER = "later"
    OUTAGE = "outage"
    BACK = "back"


class _Ended(NamedTuple):
    step: Step
    code: str = ""
    reason: str = ""
    delivery: Delivery[Any] | None = None


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
    least_seconds: float = 5.0

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
    ended: dict[int, _Ended] = field(default_factory=dict)
    """By the message's place in the batch."""
    written: list[Row] = field(default_factory=list)
    """What is published after the commits."""

    def settle(self) -> Mapping[str, int]:
        read = dict(self._read())
        fresh = {at: each for at, each in read.items() if not each.message.redelivered}
        if not self._together(fresh):
            self._each(fresh)
        self._each({at: each for at, each in read.items() if each.message.redelivered})
        unsettled = self._copied()
        if self.written:
            self.inbox.publish(self.written, self.began)
        counts = {step.value: count for step, count in self._counts().items()}
        for step, count in counts.items():
            self.inbox.count(step, count)
        if unsettled:
            raise NotSettled(f"the broker took no copy of {unsettled} messages")
        return counts

    def _counts(self) -> Counter[Step]:
        return Counter(ended.step for ended in self.ended.values())

    def _read(self) -> Iterator[tuple[int, Delivery[E]]]:
        for at, message in enumerate(self.messages):
            try:
                yield at, self.inbox.read(message)
            except Rejected as refused:
                self.ended[at] = _Ended(Step.DEAD, refused.code, refused.reason, refused.delivery)
            except Exception as error:  # it must not cost its neighbours anything
                log.exception("message %s of %s was not read", message.message_id, message.queue)
                self.ended[at] = _Ended(Step.DEAD, "unreadable", type(error).__name__)

    # Applying

    def _together(self, deliveries: Mapping[int, Delivery[E]]) -> bool:
        """Apply messages in one transaction. False: it did not commit, so nothing was applied."""
        if not deliveries:
            return True
        database, rows = self.inbox.database, list[Row]()
        ended: dict[int, _Ended] = {}
        try:
            with database.transaction():
                for at, delivery in deliveries.items():
                    if not self._has_time():
                        ended[at] = _Ended(Step.BACK)
                        continue
                    database.execute("SAVEPOINT message", {})
                    ended[at], own = self._applied(delivery)
                    if ended[at].step is not Step.APPLIED:
                        database.execute("ROLLBACK TO SAVEPOINT message", {})
                    rows += own
        except Exception as error:  # also of a commit that the database refuses
            log.warning("%d messages are done one by one: %r", len(deliveries), error)
            return False
        self.ended |= ended
        self.written += rows
        return True

    def _each(self, deliveries: Mapping[int, Delivery[E]]) -> None:
        """Apply messages one by one, each in a transaction of its own."""
        is_away = False
        for at, delivery in deliveries.items():
            if is_away:
                self.ended[at] = _Ended(Step.OUTAGE)
            elif not self._has_time():
                self.ended[at] = _Ended(Step.BACK)
            else:
                self.ended[at] = self._alone(delivery)
                is_away = self.ended[at].step is Step.OUTAGE

    def _alone(self, delivery: Delivery[E]) -> _Ended:
        database, rows = self.inbox.database, list[Row]()
        try:
            if delivery.message.redelivered and self._starts(delivery) >= MOST_STARTS:
                said = f"its function ended {MOST_STARTS - 1} times without a result"
                return _Ended(Step.DEAD, "crashed", said, delivery)
            with database.transaction():
                database.execute("SAVEPOINT message", {})
                ended, own = self._applied(delivery)
                rows += own
                if ended.step is not Step.APPLIED:
                    database.execute("ROLLBACK TO SAVEPOINT message", {})
                self._end([delivery.message])
        except ConnectionLost as error:
            log.warning("%s waits for the database: %s", delivery.id, error)
            return _Ended(Step.OUTAGE)
        except Exception as error:  # also of a commit that the database refuses
            return self._later(*_why(error, delivery), delivery)
        self.written += rows
        return ended

    def _applied(self, delivery: Delivery[E]) -> tuple[_Ended, Sequence[Row]]:
        """Apply a message in the open transaction.

        Raises:
            ConnectionLost: the transaction is lost, too.
        """
        try:
            if not self._take(delivery, "processed"):
                return _Ended(Step.SEEN), ()
            return _Ended(Step.APPLIED), self.inbox.apply(delivery)
        except ConnectionLost:
            raise
        except Outage:
            return _Ended(Step.OUTAGE), ()
        except Rejected as refused:
            return _Ended(Step.DEAD, refused.code, refused.reason, delivery), ()
        except Exception as error:  # it must not cost its neighbours anything
            return self._later(*_why(error, delivery), delivery), ()

    def _take(self, delivery: Delivery[E], outcome: str) -> bool:
        """Write the key of a message; False if it is there."""
        key = {"owner": delivery.owner, "id": delivery.id, "kind": delivery.kind}
        take = self.inbox.statements["take"]
        return bool(self.inbox.database.fetch_all(take, {**key, "outcome": outcome}))

    def _later(self, code: str, reason: str, delivery: Delivery[E]) -> _Ended:
        if attempt_of(delivery.message) < len(self.inbox.queues.waits):
            return _Ended(Step.LATER, code, reason, delivery)
        return _Ended(Step.DEAD, code, reason, delivery)

    def _has_time(self) -> bool:
        return self.seconds_left() >= self.inbox.least_seconds

    def _starts(self, delivery: Delivery[E]) -> int:
        wanted = {"message": identity_of(delivery.message)}
        begin = self.inbox.statements["begin"]
        return int(self.inbox.database.fetch_all(begin, wanted)[0]["starts"])

    def _end(self, messages: Sequence[QueueMessage]) -> None:
        noted = [identity_of(message) for message in messages if message.redelivered]
        if noted:
            self.inbox.database.execute(self.inbox.statements["end"], {"messages": noted})

    # Copying

    def _copied(self) -> int:
        """Publish the copies, then commit the rejections. How many messages are not settled."""
        copied = [at for at, ended in self.ended.items() if ended.step not in _DONE]
        if not copied:
            return 0
        copies = [self._copy(at) for at in copied]
        seconds = min(COPY_SECONDS, max(0.05, self.seconds_left() - 1))
        outcomes = self.inbox.publisher.publish(copies, seconds)
        lost = [n for n, outcome in enumerate(outcomes) if outcome.result is Result.UNROUTABLE]
        if lost:
            self.inbox.declare()
            again = self.inbox.publisher.publish([copies[n] for n in lost], seconds)
            for n, outcome in zip(lost, again, strict=True):
                outcomes[n] = outcome
        unsettled = 0
        for at, outcome in zip(copied, outcomes, strict=True):
            if outcome.result is not Result.CONFIRMED:
                log.warning("no copy of %s: %s", self.messages[at].message_id, outcome.reason)
                unsettled += 1
            elif self.ended[at].step is Step.DEAD:
                unsettled += not self._rejected(at)
        return unsettled

    def _rejected(self, at: int) -> bool:
        """Commit the key and the outcome of a message whose dead letter the broker has."""
        ended, database, rows = self.ended[at], self.inbox.database, list[Row]()
        delivery = ended.delivery
        if delivery is None:
            return True
        try:
            with database.transaction():
                if self._take(delivery, "rejected"):
                    rows = list(self.inbox.reject(delivery, ended.code, ended.reason))
                self._end([delivery.message])
        except Unavailable as error:
            log.warning("the rejection of %s was not written: %s", delivery.id, error)
            return False
        self.written += rows
        return True

    def _copy(self, at: int) -> Message:
        ended, message = self.ended[at], self.messages[at]
        queues, headers = self.inbox.queues, own_headers(message)
        attempt = attempt_of(message)
        if ended.step is Step.DEAD:
            headers |= _dead(ended, attempt)
            return copy_of(message, queues.dead_letters, headers)
        if ended.step is Step.LATER:
            headers |= {ATTEMPT: attempt + 1}
            headers.pop(SINCE, None)
            return copy_of(message, queues.waiting(attempt + 1), headers)
        if ended.step is Step.BACK:
            return copy_of(message, queues.name, headers)
        since = _since(message)
        if time.time() - since > MOST_OUTAGE_SECONDS:
            given_up = _Ended(Step.DEAD, GAVE_UP, "what it needs was away for a day")
            return copy_of(message, queues.dead_letters, headers | _dead(given_up, attempt))
        return copy_of(message, queues.during_outages, headers | {SINCE: since})


def _why(error: Exception, delivery: Delivery[Any]) -> tuple[str, str]:
    """The code and the reason of what may succeed later."""
    if isinstance(error, NotYet):
        return error.code, error.reason
    if isinstance(error, Unavailable):  # a lock, a deadlock, a statement that took too long
        return "busy", str(error)
    log.error("%s %s failed", delivery.kind, delivery.id, exc_info=error)  # a defect of ours
    return "fault", type(error).__name__


_DONE = frozenset({Step.APPLIED, Step.SEEN})


def attempt_of(message: QueueMessage) -> int:
    """How often a message was tried; 0 if its header is none of ours."""
    attempt = message.headers.get(ATTEMPT)
    return attempt if type(attempt) is int and 0 < attempt < 1_000 else 0


def identity_of(message: QueueMessage) -> str:
    """What notes of starts know a message by: its id may be missing, or two may share it."""
    name = str(message.message_id or "").encode(errors="replace")
    return hashlib.sha256(name + b"\0" + message.body).hexdigest()


def own_headers(message: QueueMessage) -> dict[str, Any]:
    """The headers without the broker's own."""
    return {
        name: value
        for name, value in message.headers.items()
        if not name.startswith(("x-death", "x-first-death", "x-last-death", "x-delivery-count"))
        and name not in {"x-error-code", "x-error", "x-failed-at"}
    }


def copy_of(message: QueueMessage, queue: str, headers: Mapping[str, Any]) -> Message:
    """A copy for a queue, with the properties that say what it is."""
    said = message.properties
    properties = pika.BasicProperties(
        content_type=said.get("contentType"),
        content_encoding=said.get("contentEncoding"),
        headers=dict(headers),
        delivery_mode=pika.DeliveryMode.Persistent,
        correlation_id=said.get("correlationId"),
        message_id=message.message_id or str(uuid.uuid4()),
        type=said.get("type"),
        app_id=said.get("appId"),
    )
    return Message("", queue, message.body, properties, order_key=f"{queue} {id(message)}")


def _dead(ended: _Ended, attempt: int) -> dict[str, Any]:
    return {
        "x-error-code": ended.code,
        "x-error": ended.reason[:500],
        ATTEMPT: attempt,
        "x-failed-at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def _since(message: QueueMessage) -> int:
    since, now = message.headers.get(SINCE), int(time.time())
    return since if type(since) is int and 0 < since <= now else now
