"""Every day: deletes rows past their retention, in batches with a transaction each.

Deletes idempotency keys after 24 hours, sessions a day after they expired, receipts, attempts and
finished replays after `RECEIPT_RETENTION_DAYS`, audit rows after `AUDIT_RETENTION_DAYS` and dead
letters after `DEAD_LETTER_RETENTION_DAYS`. A failed event keeps its dead letters. Customers' events are
never deleted.
"""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.batches import take_all
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


@schedules.schedule(Rate(1, unit=Rate.DAYS), name="purge")
@scheduled
def purge(_event: Any) -> dict[str, Any]:
    """Return how many rows were deleted, by kind. The next run deletes what is left."""
    settings = parts().settings
    parameters = {
        "batch": settings.sweep_batch,
        "receipt_days": settings.receipt_retention_days,
        "audit_days": settings.audit_retention_days,
        "letter_days": settings.dead_letter_retention_days,
    }
    return take_all(parts().request.database, SQL, parameters, settings.sweep_seconds)
