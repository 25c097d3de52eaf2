"""The gauges of app.events: what has no outcome yet, what is not published, and dead letters."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.appevents.topology import services
from fintegrate.database import Database
from fintegrate.metrics import GaugeFamily
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
AGES = ("under_1m", "under_10m", "under_1h", "under_1d", "older")


def gauges(db: Database) -> Iterator[GaugeFamily]:
    """All gauges for `/metrics`, read from the database of events."""
    unsettled = db.fetch_one(SQL["unsettled"], {}) or {}
    pending = db.fetch_one(SQL["pending"], {}) or {}
    dead = {row["service"]: float(row["count"]) for row in db.fetch_all(SQL["dead_letters"], {})}
    yield GaugeFamily(
        "fintegrate_app_events_unsettled",
        "Accepted events without an outcome, by age",
        {(age,): float(unsettled.get(age, 0)) for age in AGES},
        ("age",),
    )
    yield GaugeFamily(
        "fintegrate_app_oldest_unsettled_age_seconds",
        "Seconds since the oldest event without an outcome was accepted; 0 when there is none",
        {(): float(unsettled.get("oldest", 0))},
    )
    yield GaugeFamily(
        "fintegrate_app_events_pending",
        "Accepted events that are not on the exchange yet",
        {(): float(pending.get("count", 0))},
    )
    yield GaugeFamily(
        "fintegrate_app_dead_letters",
        "Dead letters of a service that were not sent back to it",
        {(service,): dead.get(service, 0.0) for service in sorted({*services(), *dead})},
        ("service",),
    )
