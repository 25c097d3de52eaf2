"""The loop of the webhook mode: events come by HTTP, one after the other is worked on and answered.

Fintegrate keeps each customer's order, so an event is never held for an earlier one: that one was given
up. Nor is anything tried again here: the caller does it.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, field

from local.banking.consumer.ordering import Delivery
from local.banking.consumer.processing import Processor, Settlement
from local.banking.consumer.reporting import Reporter
from local.banking.consumer.webhook_calls import NO_STORE, AnswerInstead, Reply, WaitingCalls
from local.banking.consumer.webhook_server import WebhookServer
from local.banking.consumer.worker import Limits

_TICK_SECONDS = 0.25


@dataclass(slots=True)
class WebhookWorker:
    """Works until it is told to stop or a limit is reached. `answers` is the processor's client."""

    server: WebhookServer
    calls: WaitingCalls
    processor: Processor
    answers: AnswerInstead
    reporter: Reporter
    limits: Limits
    _settled: int = 0
    _last_activity: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Serve, and work on what comes. Every call that was taken gets an answer.

        Raises:
            sqlite3.Error: the store is broken
        """
        with self.server.serving():
            self.reporter.note(f"called at {self.server.url}")
            while not self._done():
                call = self.calls.next_call(_TICK_SECONDS)
                if call is not None:
                    call.reply.set_result(self._work(call.delivery))
                    self._last_activity = time.monotonic()
        self.calls.send_away()
        self.server.finish_answers()

    def _work(self, delivery: Delivery) -> Reply:
        try:
            outcome = self.processor.attempt(delivery, time.sleep, past_gap=True)
        except sqlite3.OperationalError as exc:
            self.reporter.warn(f"the store: {exc}")
            return NO_STORE
        self._settled += 1
        refused = outcome.settlement is Settlement.REJECT
        words = f"refused: {outcome.reason}" if refused else outcome.words
        self.reporter.message(delivery.event, words, "red" if refused else "green")
        return self.answers.reply(outcome)

    def _done(self) -> bool:
        if self.processor.must_stop():
            return True
        most, idle = self.limits.max_messages, self.limits.idle_seconds
        if most is not None and self._settled >= most:
            return True
        return idle is not None and time.monotonic() - self._last_activity >= idle
