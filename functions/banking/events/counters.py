"""Banking's counters of events, from their commit to their consumer's word, and their lag."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from fintegrate.console.lag import BUCKETS as LAG_BUCKETS
from fintegrate.database import Row
from fintegrate.messaging.publisher import BREAKER_OPEN
from fintegrate.metrics import OTHER, Counted
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
PUBLISH_LAG = Counted(
    "publish_lag_seconds",
    "From an event's commit to the broker's first confirm, or to the first 2xx of a bank that is called",
    ("consumer",),
    LAG_BUCKETS,
)
PROCESSING_LAG = Counted(
    "processing_lag_seconds",
    "From an event's commit to its consumer's word that it has received or processed it",
    ("consumer", "stage"),
    LAG_BUCKETS,
)
CONFIRMATIONS = Counted(
    "confirmations_total", "What consumers said of their events", ("consumer", "status")
)
REDELIVERIES = Counted(
    "redeliveries_total",
    "Events that the broker confirmed again, by what sent them",
    ("consumer", "by"),
)
DEAD_LETTERS = Counted(
    "dead_letters_total", "Dead letters that were stored, by their reason", ("consumer", "reason")
)
REPLAYED = Counted(
    "replay_events_total", "Events that replays dealt with, by what became of each", ("outcome",)
)
COUNTED = (
    EVENTS_COMMITTED,
    PUBLISH_ATTEMPTS,
    PUBLISH_LAG,
    PROCESSING_LAG,
    CONFIRMATIONS,
    REDELIVERIES,
    DEAD_LETTERS,
    REPLAYED,
)
REPLAY_OUTCOMES = ("sent", "refused", "left_out")
SENT_AGAIN_BY = frozenset({"redeliver", "replay"})
"""Those who send what the broker has confirmed before."""
DEATHS = frozenset({"rejected", "expired", "maxlen", "delivery_limit", "foreign"})
"""The reasons of dead letters that have a name: the broker's own, and what it did not dead-letter.
Source: https://www.rabbitmq.com/docs/dlx#effects"""
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
        self._note_confirmed(rows, outcomes)
        return outcomes

    def _note_confirmed(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        """Count a copy as a redelivery. The lag of what is confirmed first goes into the histogram."""
        now = time.time()
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome.result is not Result.CONFIRMED:
                continue
            consumer = str(row["consumer_name"])
            if self._by in SENT_AGAIN_BY:
                self._metrics.count(REDELIVERIES, consumer, self._by)
            else:
                lag = max(0.0, now - row["created_at"].timestamp())
                self._metrics.observe(PUBLISH_LAG, consumer, value=lag)


def counting(
    publish_new: Callable[[Row, float], None], metrics: Metrics
) -> Callable[[Row, float], None]:
    """Wrap `publish_new` so that it also counts the committed event."""

    def publish(event: Row, written_after: float) -> None:
        metrics.count(EVENTS_COMMITTED, str(event["consumer_name"]), str(event["event_type"]))
        publish_new(event, written_after)

    return publish


def count_confirmation(metrics: Metrics, consumer: str, status: str, lag_seconds: float) -> None:
    """Count a consumer's word that changed something, said `lag_seconds` after the event's commit."""
    metrics.count(CONFIRMATIONS, consumer, status)
    if status != "failed":
        metrics.observe(PROCESSING_LAG, consumer, status, value=max(0.0, lag_seconds))


def count_dead_letter(metrics: Metrics, consumer: str, reason: str) -> None:
    """Count a stored dead letter. One that the broker did not make is `foreign`."""
    known = reason.partition(":")[0]
    metrics.count(DEAD_LETTERS, consumer, known if known in DEATHS else OTHER)


def count_replayed(metrics: Metrics, dealt: Mapping[str, int]) -> None:
    """Count what became of the events that replays dealt with, by outcome."""
    for outcome in REPLAY_OUTCOMES:
        if dealt[outcome]:
            metrics.count(REPLAYED, outcome, by=dealt[outcome])


def _label(outcome: Outcome) -> str:
    return "breaker" if outcome.reason == BREAKER_OPEN else _OUTCOMES[outcome.result]
