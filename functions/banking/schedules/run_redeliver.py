"""Every 15 minutes: publishes again what left its queue and was not confirmed in time."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.events.redeliver import redeliver_filters
from chalicelib.banking.events.scope import Scope
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(15, unit=Rate.MINUTES), name="redeliver")
@scheduled
def redeliver(_event: Any) -> dict[str, Any]:
    """Runs the same code as POST /events/redeliver, with longer waits and without counting."""
    filters = redeliver_filters(parts().settings, Scope(), wait_longer=True)
    return parts().redeliver.run(filters, parts().settings.sweep_seconds, counts=False).counts()
