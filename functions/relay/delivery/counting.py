"""Counts what a run of the delivery claims and writes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.relay.counters import (
    DELIVERIES,
    HALVINGS,
    LEASES_TAKEN_OVER,
    REQUEST_SECONDS,
    REQUESTS,
    SKIPPED,
)
from fintegrate.database import Row
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.batches import Batch, Kind, Sent
from fintegrate.outbox.lane_book import Book

_WORST = (
    Kind.CONFIGURATION,
    Kind.OVERLOAD,
    Kind.UNKNOWN,
    Kind.OUTAGE,
    Kind.REFUSED,
    Kind.DELIVERED,
)


@dataclass(frozen=True, slots=True)
class CountingBook:
    """Wraps a book and counts what it claims and writes back."""

    book: Book
    metrics: Metrics

    def due(self) -> list[Row]:
        return self.book.due()

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        batches = self.book.claim(lane, requests)
        for batch in batches:
            if taken := sum(row["taken_over"] for row in batch.rows):
                self.metrics.count(LEASES_TAKEN_OVER, batch.lane["adapter"], by=taken)
        return batches

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        return self.book.renew(batches)

    def release(self, batches: Sequence[Batch]) -> None:
        self.book.release(batches)

    def wait(self) -> float | None:
        return self.book.wait()

    def write_back(self, sent: Sequence[Sent]) -> None:
        self.book.write_back(sent)
        counts: Counter[Any] = Counter()
        for each in sent:
            self._count(each, counts)
        for (family, *labels), rows in counts.items():
            self.metrics.count(family, *labels, by=rows)

    def _count(self, sent: Sent, counts: Counter[Any]) -> None:
        platform = sent.batch.lane["adapter"]
        for verdict in sent.verdicts:
            if verdict is not None:
                counts[DELIVERIES, platform, verdict.kind.value] += 1
                if verdict.kind is Kind.SKIPPED:
                    counts[SKIPPED, verdict.reason] += 1
        if None in sent.verdicts:
            counts[HALVINGS, platform] += 1
        if sent.requested:
            result = class_of(sent)
            counts[REQUESTS, platform, result] += 1
            seconds = sent.milliseconds / 1000
            self.metrics.observe(REQUEST_SECONDS, platform, result, value=seconds)


def class_of(sent: Sent) -> str:
    """What the answer to a request meant: its worst verdict; `halved` if it named no event."""
    kinds = {verdict.kind for verdict in sent.verdicts if verdict is not None}
    return next((kind.value for kind in _WORST if kind in kinds), "halved")
