"""What a run of the delivery counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from chalicelib.relay.delivery.counting import CountingBook, class_of
from fintegrate.metrics import Counted
from fintegrate.metrics_store import Metrics
from fintegrate.outbox.batches import DELIVERED, Batch, Kind, Sent, Verdict
from fintegrate.outbox.lane_book import Book

LANE = {"lane_id": 1, "adapter": "meta"}


class Recorder:
    """In place of the metrics, which a server adds up."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()

    def count(self, family: Counted, *labels: str, by: int = 1) -> None:
        assert len(labels) == len(family.labels)
        self.counts[family.name, *labels] += by

    def observe(self, family: Counted, *labels: str, value: float) -> None:
        assert value == 0.04
        self.count(family, *labels)


class Claiming:
    """A book whose claims are these rows, of which two were somebody else's."""

    def claim(self, _lane: Any, _requests: int) -> list[Batch]:
        rows = [{"event": event, "taken_over": event > 1} for event in range(4)]
        return [Batch(LANE, rows, "token", 0)]

    def write_back(self, sent: Sequence[Sent]) -> None:
        """Nothing."""


def sent(*verdicts: Verdict | None, requested: bool = True) -> Sent:
    rows = [{"event": number} for number in range(len(verdicts))]
    return Sent(Batch(LANE, rows, "token", 0), verdicts, 40, 200, requested)


def test_outcomes_are_counted_by_platform() -> None:
    metrics = Recorder()
    book = CountingBook(cast(Book, Claiming()), cast(Metrics, metrics))

    book.claim(LANE, 1)
    book.write_back(
        [
            sent(DELIVERED, DELIVERED, Verdict(Kind.SKIPPED, "no_user_identifiers")),
            sent(None, None),
            sent(Verdict(Kind.SKIPPED, "unmapped_event"), requested=False),
        ]
    )

    assert metrics.counts == {
        ("leases_taken_over_total", "meta"): 2,
        ("deliveries_total", "meta", "delivered"): 2,
        ("deliveries_total", "meta", "skipped"): 2,
        ("skipped_total", "no_user_identifiers"): 1,
        ("skipped_total", "unmapped_event"): 1,
        ("halvings_total", "meta"): 1,
        ("platform_requests_total", "meta", "delivered"): 1,
        ("platform_requests_total", "meta", "halved"): 1,
        ("platform_request_seconds", "meta", "delivered"): 1,
        ("platform_request_seconds", "meta", "halved"): 1,
    }


def test_class_is_the_worst_verdict() -> None:
    assert class_of(sent(DELIVERED, Verdict(Kind.REFUSED, "no"))) == "refused"
    assert class_of(sent(Verdict(Kind.UNKNOWN), Verdict(Kind.DELIVERED))) == "unknown"
