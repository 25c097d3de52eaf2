"""Reads events for callers."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def read_health(db: Database, consumer_id: str | None) -> Row:
    """Read counts and ages of waiting and failed events; ages are in hours, rounded to about 0.1 s."""
    health = db.fetch_one(SQL["health"], {"consumer_id": consumer_id}, revive=True)
    assert health is not None
    for age in ("oldest_pending_age_hours", "oldest_undelivered_age_hours"):
        health[age] = None if health[age] is None else round(float(health[age]), 5)
    return health
