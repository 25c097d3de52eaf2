"""Every minute: keeps the record of revocations, and notices that the database was restored.

It fails while somebody has to run `recover`, so that the alarm rings.
"""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="watch_restore")
@scheduled
def watch_restore(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each adds a beat, and one at a time writes the record."""
    from chalicelib.banking.events.recovery import watch  # here, to spare other cold starts

    return watch(parts().request.database, parts().redis, parts().revocations)
