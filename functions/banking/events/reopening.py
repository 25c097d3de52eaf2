"""Reopening: a failed event becomes pending again, if it is its customer's newest.

This is the one way back to pending, and it keeps the order. Who publishes has looked whether an earlier
event is pending; nobody can have looked past an event that has no successor. The customer's row is
locked meanwhile, so none is born. Every other failed event is late, whatever has been published so far:
`late` sends it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from chalicelib.banking.events.outbox import EVENTS
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 200
"""How many customers are locked at once. Their changes wait for two statements."""
REASON = "taken up again in request {request_id}, after: "


def reopen_newest(
    db: Database, filters: Mapping[str, Any], request_id: str, deadline: float
) -> int:
    """Reopen the failed events that match and are their customer's newest; returns how many.

    `db` must be in no transaction. `deadline` is on the monotonic clock.
    """
    reopened, after = 0, EVENTS.beginning
    while time.monotonic() < deadline:
        found = db.fetch_all(SQL["find_newest"], {**filters, **after, "batch": BATCH})
        if found:
            chosen = {
                "consumer_id": filters["consumer_id"],
                "customer_ids": [event["customer_id"] for event in found],
                "event_ids": [event["event_id"] for event in found],
                "reason": REASON.format(request_id=request_id),
                "caused_by": request_id,
            }
            with db.transaction():
                db.fetch_all(SQL["lock_customers"], chosen)
                reopened += db.execute(SQL["reopen"], chosen)
        if len(found) < BATCH:
            break
        after = EVENTS.after(found[-1])
    return reopened
