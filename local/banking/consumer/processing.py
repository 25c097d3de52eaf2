"""One message from judgement to settlement: the rules of a well-behaved consumer.

The order is the point: count the try, work and remember in one commit, confirm, and only then
let the broker forget the message. Dying between any two of these leads to a repeat that the
inbox recognises.

Knows no AMQP and no HTTP: the caller passes in how to wait (so that heartbeats are served meanwhile)
and carries out the settlement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from local.banking.consumer.backoff import Backoff
from local.banking.consumer.confirmations import (
    ApiUnavailable,
    Confirmation,
    ConfirmationRefused,
    Confirming,
    KeyRefused,
    Status,
    TooManyRequests,
)
from local.banking.consumer.faults import Fault, Faults
from local.banking.consumer.inbox import Inbox, Verdict
from local.banking.consumer.messages import KNOWN_TYPES
from local.banking.consumer.ordering import Delivery
from local.banking.consumer.reporting import Reporter
from local.banking.consumer.view import CustomerView

MAX_TRIES = 5
PREFETCH = 10

# Why not MAX_TRIES: when a process dies, everything it had prefetched is handed out again and
# counted by the broker, also messages that it never began. The inbox counts what was really
# tried; this bound catches what dies before the inbox can count, and lets every neighbour in
# the prefetch window use up its own tries first.
MAX_TIMES_HANDED_OUT = MAX_TRIES * PREFETCH

_SLICE_SECONDS = 0.25

Pause = Callable[[float], None]
_TRANSIENT = (ApiUnavailable, sqlite3.OperationalError)


class ProcessingInterrupted(Exception):
    """The broker went away or the program must stop; the message returns to its queue."""


class Settlement(Enum):
    """What the broker is to be told."""

    ACK = "ack"
    REJECT = "dead letter"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one delivery ended, and the words about it for the log."""

    settlement: Settlement
    words: str
    reason: str | None = None
    """Why it was given up."""


@dataclass(slots=True)
class Processor:
    """The bank's side of one queue. `must_stop` cuts waits short, never work."""

    inbox: Inbox
    client: Confirming
    faults: Faults
    backoff: Backoff
    reporter: Reporter
    must_stop: Callable[[], bool]
    acknowledge_receipt: bool = False
    view: CustomerView | None = None
    """Sees every event that comes, also repeats: it is built from them anew when it was thrown away."""

    def process(self, delivery: Delivery, pause: Pause, *, past_gap: bool = False) -> Outcome:
        """Deal with one delivery; with `past_gap` also when an earlier event is missing.

        Raises:
            ProcessingInterrupted: it cannot be finished now
            KeyRefused: the API does not accept this consumer's key
        """
        failures = 0
        while True:
            try:
                return self.attempt(delivery, pause, past_gap=past_gap, again=failures > 0)
            except _TRANSIENT as exc:
                failures += 1
                if failures >= MAX_TRIES:
                    return self._give_up(delivery, f"{exc} ({MAX_TRIES} tries)")
                wait = self.backoff.seconds(failures)
                self.reporter.warn(f"{exc}; try {failures + 1} of {MAX_TRIES} in {wait:.1f} s")
                self._wait(wait, pause)

    def attempt(
        self, delivery: Delivery, pause: Pause, *, past_gap: bool, again: bool = False
    ) -> Outcome:
        """As `process`, once: for a caller whose other side tries again by itself.

        Args:
            again: an attempt of the same delivery has failed

        Raises:
            ApiUnavailable, sqlite3.OperationalError: it may go well later
        """
        verdict = self.inbox.judge(delivery.event)
        if verdict is Verdict.FUTURE and not past_gap:
            return Outcome(Settlement.HOLD, "waits for an earlier event of this customer")
        if self.inbox.begin(delivery.event) > MAX_TRIES:
            return self._give_up(delivery, f"begun {MAX_TRIES} times and never finished")
        try:
            if self.view is not None:
                self.view.see(delivery.event)
            if verdict is Verdict.REPEAT:
                return self._repeat(delivery, pause, again=again)
            if verdict is Verdict.SUPERSEDED:
                return self._superseded(delivery, pause)
            return self._work(delivery, pause, verdict)
        except (ProcessingInterrupted, KeyRefused):
            self.inbox.release(delivery.event)
            raise

    def _work(self, delivery: Delivery, pause: Pause, verdict: Verdict) -> Outcome:
        event = delivery.event
        if event.event_type not in KNOWN_TYPES:
            return self._fail(delivery, pause, f"unknown event type {event.event_type}")
        if verdict is Verdict.FUTURE:
            last = self.inbox.last_position(event.customer_id)
            due = last.sequence + 1 if last else 1
            self.reporter.warn(
                f"gap: customer {event.customer_id} is at #{event.sequence}, #{due} never came"
            )
        if self.acknowledge_receipt:
            self._confirm(delivery, "received", pause)
        fault = self.faults.draw()
        pause(self.faults.slow_seconds)
        if fault is Fault.REJECT:
            return self._give_up(delivery, "on demand")
        if fault is Fault.CONFIRM_FAILED:
            return self._fail(delivery, pause, "failed on demand")
        self.inbox.apply(event)
        self.faults.maybe_die()
        return self._confirm(delivery, "processed", pause)

    def _repeat(self, delivery: Delivery, pause: Pause, *, again: bool) -> Outcome:
        if again:  # the same delivery, after its work was done and its confirmation was not
            return self._confirm(delivery, "processed", pause)
        self.inbox.count_repeat(delivery.event)
        self.faults.maybe_die()
        outcome = self._confirm(delivery, "processed", pause)
        return Outcome(outcome.settlement, f"repeat, {outcome.words}")

    def _superseded(self, delivery: Delivery, pause: Pause) -> Outcome:
        last = self.inbox.last_position(delivery.event.customer_id)
        assert last is not None
        older = delivery.event.epoch < last.epoch
        by = f"epoch {last.epoch}" if older else f"sequence {last.sequence}"
        return self._fail(delivery, pause, f"superseded by {by}")

    def _fail(self, delivery: Delivery, pause: Pause, reason: str) -> Outcome:
        self.inbox.record_failure(delivery.event, reason)
        return self._confirm(delivery, "failed", pause, reason)

    def _confirm(
        self, delivery: Delivery, status: Status, pause: Pause, reason: str | None = None
    ) -> Outcome:
        confirmation = Confirmation(delivery.event, status, delivery.received_at, reason)
        words = f"{status}: {reason}" if reason else status
        while True:
            try:
                self.client.confirm(confirmation)
            except TooManyRequests as exc:  # not a try: the API is well
                self.reporter.warn(str(exc))
                self._wait(exc.retry_after_seconds, pause)
                continue
            except ConfirmationRefused as exc:
                words = f"{words}, confirmation refused: {exc}"
            if status != "received":
                self.inbox.confirmed(delivery.event)
            return Outcome(Settlement.ACK, words)

    def _give_up(self, delivery: Delivery, reason: str) -> Outcome:
        # Should the store be away, the tries stay counted: the message's next visit forgets them.
        with suppress(sqlite3.OperationalError):
            self.inbox.forget_tries(delivery.event.event_id)
        return Outcome(Settlement.REJECT, f"to the dead letters: {reason}", reason)

    def _wait(self, seconds: float, pause: Pause) -> None:
        while seconds > 0:
            if self.must_stop():
                raise ProcessingInterrupted("told to stop")
            pause(min(seconds, _SLICE_SECONDS))
            seconds -= _SLICE_SECONDS
