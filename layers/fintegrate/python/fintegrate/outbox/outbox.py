"""The outbox: events that were committed, and their way to the broker in order per key.

An event row is written by the caller, on the caller's transaction; nothing here writes business
rows or commits them. `publish_new` is the handler's single try after the commit, `send` the common
way to the broker (declares a lost topology once), `fintegrate.outbox.sweep` takes up what is left.

Order: an event of a key may be published by who has seen, after its commit, that no earlier event of
that key is pending. Pending events only ever become fewer, so what was seen stays true. A sweep
holds row locks on what it publishes; a handler holds its new event by its youth (`handoff_seconds`),
in which no sweep takes it, unless the handler has written that it gave it up.

Leaves to others the table (`statements`), the message of a row (`compose`) and the topology
(`declare`). Statements: `predecessors`, `mark_published`, `mark_unpublished`.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from fintegrate.database import Database, Row
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.metrics import PUBLISHED
from fintegrate.outcome import Outcome, Result

log = logging.getLogger(__name__)

HELD_BACK = "held back by an earlier event of the same customer"
TOO_LATE = "left to the sweep: the request took longer than the hand-off time"
_PREDECESSOR_WAIT_SECONDS = 0.2
"""How long a handler waits for the handler of the event before its own."""


class OutboxShape(NamedTuple):
    """What an outbox is made of: its statements, its messages and its topology."""

    statements: Mapping[str, str]
    compose: Callable[[Row], Message]
    declare: Callable[[Sequence[Row]], None]
    """Declares where these rows go; called when the broker had no queue for them."""


class Outbox:
    """The publishing of one outbox table by one process."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        shape: OutboxShape,
        publish_seconds: float = 1.0,
        handoff_seconds: float = 5.0,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._shape = shape
        self._seconds = publish_seconds
        self._handoff_seconds = handoff_seconds

    def publish_new(self, event: Row, written_after: float) -> None:
        """Try once to publish an event that this request has committed, and write what came of it.

        `written_after` is a time before the event was written, on the monotonic clock: when the
        hand-off time has passed since, a sweep may have the event, and it is left to it.

        Never raises and never takes longer than the configured time plus one statement: whatever
        happens, the event is in the database, and a sweep takes it up.
        """
        handed_over = written_after + self._handoff_seconds
        deadline = min(handed_over, time.monotonic() + self._seconds)
        try:
            if not self._is_head(event):
                self._mark_unpublished(event, HELD_BACK, tried=False)
                return
            if time.monotonic() >= handed_over:
                self._mark_unpublished(event, TOO_LATE, tried=False)
                return
            outcome = self.send([event], max(0.05, deadline - time.monotonic()))[0]
            if outcome.result is Result.CONFIRMED:
                self._database.execute(
                    self._shape.statements["mark_published"], {"event_id": event["event_id"]}
                )
            else:
                self._mark_unpublished(event, outcome.reason, tried=True)
        except Exception:
            log.exception("publishing event %s is left to the sweep", event["event_id"])

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        """Publish rows in order per key; what had no queue is declared and sent once more."""
        deadline = time.monotonic() + seconds
        messages = [self._shape.compose(row) for row in rows]
        outcomes = self._publisher.publish(messages, seconds)
        lost = _without_queue(messages, outcomes)
        if lost:
            self._shape.declare([rows[index] for index in lost])
            left = max(0.05, deadline - time.monotonic())
            again = self._publisher.publish([messages[index] for index in lost], left)
            for index, outcome in zip(lost, again, strict=True):
                outcomes[index] = outcome
        for result, count in Counter(outcome.result for outcome in outcomes).items():
            PUBLISHED.labels(result.value).inc(count)
        return outcomes

    def _is_head(self, event: Row) -> bool:
        """Whether no earlier event of the key is pending; waits briefly for one in good hands."""
        if event["sequence"] == 1:
            return True
        deadline = time.monotonic() + _PREDECESSOR_WAIT_SECONDS
        pause = 0.002
        while True:
            state = self._database.fetch_one(
                self._shape.statements["predecessors"],
                {
                    "customer_id": event["customer_id"],
                    "sequence": event["sequence"],
                    "handoff_seconds": self._handoff_seconds,
                },
            )
            if state is None or not state["pending"]:
                return True
            if not state["in_hand"] or time.monotonic() >= deadline:
                return False
            time.sleep(pause)
            pause *= 2

    def _mark_unpublished(self, event: Row, reason: str, *, tried: bool) -> None:
        self._database.execute(
            self._shape.statements["mark_unpublished"],
            {"event_id": event["event_id"], "reason": reason, "tried": tried},
        )


def _without_queue(messages: Sequence[Message], outcomes: Sequence[Outcome]) -> list[int]:
    """The unroutable messages, and those held back behind them."""
    keys = {
        message.order_key
        for message, outcome in zip(messages, outcomes, strict=True)
        if outcome.result is Result.UNROUTABLE
    }
    return [
        index
        for index, message in enumerate(messages)
        if message.order_key in keys and outcomes[index].result is not Result.CONFIRMED
    ]
