"""GET /metrics: what this process counted, and what is true for the whole system now."""

from __future__ import annotations

from pathlib import Path

from chalicelib.operations.blueprint import operations
from chalicelib.platform import endpoint, platform
from fintegrate.database import Database
from fintegrate.endpoint import Access, Answer, Call, Nothing
from fintegrate.metrics import BREAKER_OPEN, exposition
from fintegrate.queries import load_queries

SQL = load_queries(Path(__file__).with_name("metrics.sql"))
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Source: https://prometheus.io/docs/instrumenting/exposition_formats/"""
BREAKER_VALUES = {"closed": 0.0, "half_open": 0.5, "open": 1.0}
GAUGES = {
    "pending": ("fintegrate_events_pending", "Events that wait to be published"),
    "oldest_pending_seconds": (
        "fintegrate_events_pending_oldest_age_seconds",
        "Age of the oldest event that waits to be published, 0 when none does",
    ),
    "held_back": (
        "fintegrate_events_held_back",
        "Pending events that wait behind an earlier event of the same customer",
    ),
    "failed": ("fintegrate_events_publish_failed", "Events given up after the last try"),
    "undelivered": (
        "fintegrate_events_undelivered",
        "Events published and not yet confirmed by their consumer",
    ),
    "oldest_undelivered_seconds": (
        "fintegrate_events_undelivered_oldest_age_seconds",
        "Age of the oldest event not yet confirmed by its consumer, 0 when none is",
    ),
    "delivery_failed": (
        "fintegrate_events_delivery_failed",
        "Events whose consumer failed, or that ended as dead letters",
    ),
    "unmatched_dead_letters": (
        "fintegrate_dead_letters_unmatched",
        "Dead letters that belong to no known event: somebody has to look at them",
    ),
}


@operations.route("/metrics", methods=["GET"])
@endpoint(Nothing, access=Access.ADMIN, media_type=MEDIA_TYPE)
def read_metrics(call: Call[Nothing]) -> Answer:
    """The metrics in the Prometheus text format.

    Counters and histograms are those of the process that answers; gauges of events are read from
    the database and are the same whoever answers.
    """
    BREAKER_OPEN.set(BREAKER_VALUES[platform().publisher.breaker.state])
    return Answer(exposition(_gauges(call.db)))


def _gauges(db: Database) -> dict[str, tuple[str, float]]:
    row = db.fetch_one(SQL["read_gauges"], {})
    assert row is not None
    return {name: (text, float(row[column])) for column, (name, text) in GAUGES.items()}
