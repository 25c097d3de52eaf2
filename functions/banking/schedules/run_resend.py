"""Every minute: publishes the pending events of all tenants, each tenant's oldest first."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.events.resend import resend_filters, run_resend
from chalicelib.banking.events.scope import Scope
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="resend")
@scheduled
def resend(_event: Any) -> dict[str, Any]:
    """Runs the same code as POST /events/resend, but does not count what it leaves."""
    filters, seconds = resend_filters(parts().settings, Scope()), parts().settings.sweep_seconds
    return run_resend(parts().resend, filters, seconds, counts=False).counts()
