"""Every day: deletes what is past its retention, in batches with a transaction each.

Empties match keys and private data after `RELAY_USER_DATA_DAYS`, deletes attempts after
`RELAY_ATTEMPT_DAYS`, events after `RELAY_EVENT_DAYS` and audit rows after `RELAY_AUDIT_DAYS`. Whatever
belongs to a pending delivery stays.
"""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.relay.schedules.blueprint import schedules
from chalicelib.relay.wiring import parts, scheduled
from fintegrate.batches import take_all
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


@schedules.schedule(Rate(1, unit=Rate.DAYS), name="relay_purge")
@scheduled
def relay_purge(_event: Any) -> dict[str, Any]:
    """Return how many rows were emptied or deleted, by kind. The next run takes what is left."""
    settings = parts().settings
    parameters = {
        "batch": settings.relay_sweep_batch,
        "user_data_days": settings.relay_user_data_days,
        "attempt_days": settings.relay_attempt_days,
        "event_days": settings.relay_event_days,
        "audit_days": settings.relay_audit_days,
    }
    return take_all(parts().request.database, SQL, parameters, settings.relay_purge_seconds)
