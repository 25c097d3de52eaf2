"""Parts of banking that go by steps: its database, its publisher and its clock.

The database is real; it stops before each statement and each commit. The publisher has the real
pipeline, but its broker is a list, and what becomes of a message is a step with several outcomes. The
handlers' clock stands still until it is moved; `stepped_banking` does the same to the clock of the SQL.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

from fintegrate.database import Database, Parameters, Row
from fintegrate.messaging import pipeline
from fintegrate.messaging.message import Message
from fintegrate.outbox import outbox
from fintegrate.outcome import Outcome, Result
from tests.integration.banking.events.stepping.actors import learn, step

T = TypeVar("T")

CONFIRMED, NACKED, LATE = "confirmed", "nacked", "late"
"""What may become of a message. Its publisher gives a late one up; it may arrive at any time after."""
_NAME = re.compile(r"-- name: (\w+)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_STEPS = frozenset({"plan", "find_end", "mark_sent", "finish"}) | {
    "unfinished", "note_publishers", "load", "emptying", "emptied", "lock_publishing", "advance", "wait"
}  # fmt: skip
"""Statements that neither read nor write what another actor can see. Of a rewind's job others see only
whether it is done, and of its transaction the claim's locks and the commit."""


class SteppedDatabase(Database):
    """Each thread's actor learns the results of its statements, ids by the order of their appearance."""

    names: dict[str, str]

    def fetch_all(self, sql: str, parameters: Parameters, *, revive: bool = False) -> list[Row]:
        return self._stepped(sql, lambda: super(SteppedDatabase, self).fetch_all(sql, parameters))

    def execute(self, sql: str, parameters: Parameters) -> int:
        return self._stepped(sql, lambda: super(SteppedDatabase, self).execute(sql, parameters))

    def _stepped(self, sql: str, run: Callable[[], T]) -> T:
        match = _NAME.match(sql)
        assert match, f"a statement without a name: {sql}"
        if match[1] in _NO_STEPS:
            return run()
        step(match[1])
        found = run()
        learn(_UUID.sub(self._named, repr(found)))
        return found

    def _named(self, found: re.Match[str]) -> str:
        return self.names.setdefault(found[0], f"id {len(self.names)}")

    @contextmanager
    def transaction(self, statement_seconds: float | None = None) -> Iterator[None]:
        with super().transaction(statement_seconds):
            yield
            step("commit")


class SteppedClock:
    """The handlers' `time`. A sleep takes all the time that a handler may wait, so it looks twice."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.now = 0.0
        self._slept: dict[int, float] = {}

    def monotonic(self) -> float:
        return self.now + self._slept.get(threading.get_ident(), 0)

    def sleep(self, _seconds: float) -> None:
        self._slept[threading.get_ident()] = outbox._PREDECESSOR_WAIT_SECONDS


class SteppedPublisher:
    """Publishes through the real pipeline into `arrived`; each message has one of the `fates`."""

    def __init__(self, fates: Sequence[str]) -> None:
        self._fates = fates
        self.in_transaction: Callable[[], bool] = lambda: False
        self.begin()

    def begin(self) -> None:
        self.bounded = 0
        """How many actors send without a transaction: their time to do so is short."""
        self.arrived: list[int] = []
        """Sequences, in the order of the queue."""
        self.on_the_way: list[int] = []
        self.said_to_be_late: set[int] = set()

    def publish(self, messages: Sequence[Message], _seconds: float) -> list[Outcome]:
        sent: list[Message] = []

        def send(message: Message) -> int:
            sent.append(message)
            return len(sent)

        publishing = pipeline.Pipeline(messages, send)
        for tag in count(1):
            publishing.fill()
            if not publishing.waiting:
                break
            sequence = int(sent[tag - 1].properties.headers["sequence"])
            fate = self._wait_for_fate(sequence)
            if fate == LATE:
                self.on_the_way.append(sequence)
                publishing.give_up(Outcome(Result.UNCONFIRMED, "no confirm in time"))
                break
            if fate == CONFIRMED:
                self.arrived.append(sequence)
                if json.loads(sent[tag - 1].body)["metadata"].get("late"):
                    self.said_to_be_late.add(sequence)
            publishing.answered(tag, multiple=False, confirmed=fate == CONFIRMED)
        return publishing.outcomes

    def _wait_for_fate(self, sequence: int) -> str:
        bounded = not self.in_transaction()
        self.bounded += bounded
        try:
            return step(f"publish {sequence}", *self._fates)
        finally:
            self.bounded -= bounded

    def close(self) -> None:
        """There is no connection."""


class SteppedExclusive:
    """A rewind's connection to the same broker; a queue is made anew in a moment, and then is empty."""

    def __init__(self, publisher: SteppedPublisher, let_moment_pass: Callable[[], None]) -> None:
        self._let_moment_pass = let_moment_pass
        self.publish = publisher.publish
        self.close = publisher.close
        self._publisher = publisher

    def make_anew(self, *_: object) -> None:
        step("make the queue anew")
        self._publisher.arrived.clear()
        self._let_moment_pass()
