"""Reads events for callers."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def read_event(db: Database, event_id: str, consumer_id: str | None) -> Row:
    """Read an event with its receipts and dead letters.

    Raises:
        NotFound: there is no such event in this scope.
    """
    scope = {"event_id": event_id, "consumer_id": consumer_id}
    event = db.fetch_one(SQL["read_event"], scope)
    if event is None:
        raise NotFound("No such event; check event_id")
    event["receipts"] = db.fetch_all(SQL["read_receipts"], scope)
    event["dead_letters"] = db.fetch_all(SQL["read_dead_letters"], scope)
    return event


def read_health(db: Database, consumer_id: str | None) -> Row:
    """Read counts and ages of waiting and failed events; ages are in hours, rounded to about 0.1 s."""
    health = db.fetch_one(SQL["health"], {"consumer_id": consumer_id}, revive=True)
    assert health is not None
    for age in ("oldest_pending_age_hours", "oldest_undelivered_age_hours"):
        health[age] = None if health[age] is None else round(float(health[age]), 5)
    return health
