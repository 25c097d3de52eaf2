"""Counts what became of calls, as the events that go to queues are counted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.banking.events.counters import (
    CONFIRMATIONS,
    PUBLISH_ATTEMPTS,
    PUBLISH_LAG,
    REDELIVERIES,
)
from chalicelib.banking.webhooks.book import Calls
from chalicelib.banking.webhooks.sending import RECEIVED
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.batches import Kind, Sent

BY = "webhook"


@dataclass(frozen=True)
class CountedCalls(Calls):
    """The book of one run, which counts what it writes back."""

    metrics: Metrics

    def write_back(self, sent: Sequence[Sent]) -> None:
        super().write_back(sent)
        for each in sent:
            if each.requested and "test_id" not in each.batch.rows[0]:
                self._count(each)

    def _count(self, sent: Sent) -> None:
        row, consumer = sent.batch.rows[0], sent.batch.lane["consumer_name"]
        (verdict,) = sent.verdicts
        assert verdict is not None  # one row is never halved
        is_taken = verdict.kind is Kind.DELIVERED
        outcome = "confirmed" if is_taken else verdict.kind.value
        self.metrics.count(PUBLISH_ATTEMPTS, consumer, BY, outcome)
        if not is_taken:
            return
        self.metrics.count(CONFIRMATIONS, consumer, verdict.code or RECEIVED)
        if row["copy_tries"] is not None:
            self.metrics.count(REDELIVERIES, consumer, BY)
        else:
            lag = max(0.0, time.time() - row["created_at"].timestamp())
            self.metrics.observe(PUBLISH_LAG, consumer, value=lag)
