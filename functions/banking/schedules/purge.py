"""Every day: deletes what is kept for a time only, in batches, each its own transaction.

Idempotency keys over 24 hours; receipts and audit rows past `RECEIPT_RETENTION_DAYS` and
`AUDIT_RETENTION_DAYS`. Customers' events are never deleted.
"""

from __future__ import annotations

import time
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)


@schedules.schedule(Rate(1, unit=Rate.DAYS), name="purge")
@scheduled
def purge(_event: Any) -> dict[str, Any]:
    """How many rows went, by kind; what the time did not suffice for goes tomorrow."""
    deadline = time.monotonic() + parts().settings.sweep_seconds
    return {kind: _delete_old(kind, deadline) for kind in SQL}


def _delete_old(kind: str, deadline: float) -> int:
    """Delete batch after batch until one is not full; deleting twice is harmless, so it revives."""
    settings = parts().settings
    parameters = {
        "batch": settings.sweep_batch,
        "receipt_days": settings.receipt_retention_days,
        "audit_days": settings.audit_retention_days,
    }
    deleted = 0
    while time.monotonic() < deadline:
        row = parts().request.database.fetch_one(SQL[kind], parameters, revive=True)
        count = int(row["count"]) if row else 0
        deleted += count
        if count < settings.sweep_batch:
            break
    return deleted
