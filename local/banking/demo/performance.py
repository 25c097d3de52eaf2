"""The demo while it plays: customers live their stories, the consumer works, the bars move.

Ends when every event is settled, or at the deadline: what is missing then is for `ledger` to say.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from threading import Event

from local.banking.client import CallFailed
from local.banking.demo.api import TimedClient
from local.banking.demo.bank import ConsumerProcess
from local.banking.demo.deliveries import Progress
from local.banking.demo.story import Record, live_through
from local.serving.bars import Bars, Progressed

BARS = ("customers", "events published", "events confirmed")
_POLL_SECONDS = 0.25
_RESEND_SECONDS = 5.0


@dataclass(slots=True)
class Performance:
    """`api` plays the customers, `watching` reads how far all is, both with the bank's key."""

    api: TimedClient
    watching: TimedClient
    consumer: ConsumerProcess
    display: Bars
    record: Record
    progress: Progress
    _next_resend: float = 0.0

    def run(self, random: Random, deadline: float) -> None:
        """Play until all is settled or `deadline` (of `time.monotonic`) has passed."""
        stop = Event()
        with ThreadPoolExecutor(1) as pool:
            stories = pool.submit(live_through, self.api, random, self.record, stop)
            try:
                while time.monotonic() < deadline and not self._check(stories):
                    time.sleep(_POLL_SECONDS)
            finally:
                stop.set()
        stories.result()

    def _check(self, stories: Future[None]) -> bool:
        """Keep the consumer alive and show how far all is; says whether nothing more is to come."""
        if (news := self.consumer.revive()) is not None:
            self.display.remark(news)
        try:
            for words in self.progress.tell():
                self.display.remark(words)
            return self._settled(stories.done())
        except CallFailed as exc:
            if not exc.passing:
                raise
            self.display.remark(str(exc))
            return False

    def _settled(self, over: bool) -> bool:
        health = self.watching.ask("GET", "/events/health")
        committed = self.record.events.total()
        published = committed - health["pending_count"] - health["failed_count"]
        confirmed = published - health["undelivered_count"] - health["delivery_failed_count"]
        settled = over and health["pending_count"] == health["undelivered_count"] == 0
        counts = (
            Progressed(self.record.finished, self.record.customers),
            Progressed(max(published, 0), committed),
            Progressed(max(confirmed, 0), committed),
        )
        self.display.show(dict(zip(BARS, counts, strict=True)), last=settled)
        if over and health["pending_count"]:
            self._resend()
        return settled

    def _resend(self) -> None:
        """What could not be published at once is published now, not at the next minute."""
        if time.monotonic() < self._next_resend:
            return
        self._next_resend = time.monotonic() + _RESEND_SECONDS
        summary = self.watching.post("/events/resend", {"period_in_days": 1})["summary"]
        if summary["succeeded"]:  # a bank that is called gets nothing by this but a nudge
            self.display.remark(f"{summary['succeeded']} pending events published by resend")
