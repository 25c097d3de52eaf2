"""Reads events for callers."""

from __future__ import annotations

from typing import Any

from chalicelib.banking.events.models import EventListing
from fintegrate.database import Database, Row
from fintegrate.http.cursors import page, page_parameters
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def list_events(
    db: Database, listing: EventListing, consumer_id: str | None, most_bytes: int
) -> dict[str, Any]:
    """Read a page of events, newest first."""
    rows = db.fetch_all(
        SQL["list_events"],
        {
            "consumer_id": consumer_id,
            "customer_id": str(listing.customer_id) if listing.customer_id else None,
            "event_type": listing.event_type,
            "publish_status": listing.publish_status,
            "deliver_status": listing.deliver_status,
            **page_parameters(listing.cursor, listing.limit),
        },
    )
    events, next_cursor = page(rows, listing.limit, "created_at", "event_id", most_bytes=most_bytes)
    return {"events": events, "next_cursor": next_cursor}


def read_health(db: Database, consumer_id: str | None) -> Row:
    """Read counts and ages of waiting and failed events; ages are in hours, rounded to about 0.1 s."""
    health = db.fetch_one(SQL["health"], {"consumer_id": consumer_id}, revive=True)
    assert health is not None
    for age in ("oldest_pending_age_hours", "oldest_undelivered_age_hours"):
        health[age] = None if health[age] is None else round(float(health[age]), 5)
    return health
