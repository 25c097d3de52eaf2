"""Every day: deletes rows past their retention, in batches with a transaction each.

Deletes idempotency keys after 24 hours, receipts after `RECEIPT_RETENTION_DAYS`, audit rows after
`AUDIT_RETENTION_DAYS` and dead letters after `DEAD_LETTER_RETENTION_DAYS`. A failed event keeps its dead
letters. Customers' events are never deleted.
"""

from __future__ import annotations

import time
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


@schedules.schedule(Rate(1, unit=Rate.DAYS), name="purge")
@scheduled
def purge(_event: Any) -> dict[str, Any]:
    """Return how many rows were deleted, by kind. The next run deletes what is left."""
    deadline = time.monotonic() + parts().settings.sweep_seconds
    return {kind: _delete_old(kind, deadline) for kind in SQL}


def _delete_old(kind: str, deadline: float) -> int:
    """Delete batches until one is not full. Deleting is idempotent, so it may revive."""
    settings = parts().settings
    parameters = {
        "batch": settings.sweep_batch,
        "receipt_days": settings.receipt_retention_days,
        "audit_days": settings.audit_retention_days,
        "letter_days": settings.dead_letter_retention_days,
    }
    deleted = 0
    while time.monotonic() < deadline:
        row = parts().request.database.fetch_one(SQL[kind], parameters, revive=True)
        count = int(row["count"]) if row else 0
        deleted += count
        if count < settings.sweep_batch:
            break
    return deleted
