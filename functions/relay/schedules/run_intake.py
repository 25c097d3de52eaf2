"""Every minute: takes in the rows that the order system has inserted."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.relay.schedules.blueprint import schedules
from chalicelib.relay.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="relay_intake")
@scheduled
def relay_intake(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each takes other rows."""
    from chalicelib.relay.ingest.intake import Intake

    own = parts()
    counts = Intake(own.request.database, own.sealing()).run(own.settings.relay_deliver_seconds)
    if counts.get("accepted"):
        own.nudge()
    return counts
