"""Every minute: goes on with the onboardings that POST /consumer/onboard left unfinished."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="onboard")
@scheduled
def onboard(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each onboarding is leased by one."""
    return parts().onboarding.bring_all_on(parts().settings.sweep_seconds)
