"""Banking's counters of events: those committed, and the attempts to publish them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from fintegrate.database import Row
from fintegrate.messaging.publisher import BREAKER_OPEN
from fintegrate.metrics import Counted
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.sender import Sender
from fintegrate.outcome import Outcome, Result

EVENTS_COMMITTED = Counted(
    "events_committed_total", "Events that requests committed", ("consumer", "event_type")
)
PUBLISH_ATTEMPTS = Counted(
    "publish_attempts_total",
    "Attempts to publish an event, by what made them and by how the last try of each ended",
    ("consumer", "by", "outcome"),
)
COUNTED = (EVENTS_COMMITTED, PUBLISH_ATTEMPTS)
_OUTCOMES = {
    Result.CONFIRMED: "confirmed",
    Result.NACKED: "nacked",
    Result.UNROUTABLE: "returned",
    Result.UNCONFIRMED: "timeout",
    Result.UNSENT: "refused",
}
"""The label for each result. An event that was held back was not attempted."""


class CountingSender:
    """Wraps a sender and counts its outcomes, with the label `by` for who sent."""

    def __init__(self, sender: Sender, metrics: Metrics, by: str) -> None:
        self._sender = sender
        self._metrics = metrics
        self._by = by
        self.outages = sender.outages

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        outcomes = self._sender.send(rows, seconds)
        attempts = Counter(
            (str(row["consumer_name"]), _label(outcome))
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result in _OUTCOMES
        )
        for (consumer, outcome), number in attempts.items():
            self._metrics.count(PUBLISH_ATTEMPTS, consumer, self._by, outcome, by=number)
        return outcomes


def counting(
    publish_new: Callable[[Row, float], None], metrics: Metrics
) -> Callable[[Row, float], None]:
    """Wrap `publish_new` so that it also counts the committed event."""

    def publish(event: Row, written_after: float) -> None:
        metrics.count(EVENTS_COMMITTED, str(event["consumer_name"]), str(event["event_type"]))
        publish_new(event, written_after)

    return publish


def _label(outcome: Outcome) -> str:
    return "breaker" if outcome.reason == BREAKER_OPEN else _OUTCOMES[outcome.result]
