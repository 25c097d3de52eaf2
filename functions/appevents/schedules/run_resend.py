"""Every minute: publishes what is pending, of clients and of every service."""

from __future__ import annotations

from functools import partial
from typing import Any

from chalice import Rate

from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.topology import declare_queues
from chalicelib.appevents.wiring import SETTINGS, parts, scheduled
from fintegrate.in_turn import in_turn


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="app_resend")
@scheduled
def app_resend(_event: Any) -> dict[str, Any]:
    """Sweep each outbox. Declares the queues, so that their functions find them."""
    own = parts()
    declare_queues(own.settings)
    _, events = own.events()
    sweeps = {"clients": events, **{name: own.service(name).sweep for name in SETTINGS}}
    filters = {"handoff_seconds": own.settings.publish_handoff_seconds}
    done = in_turn(
        {name: partial(sweep.run, filters, counts=False) for name, sweep in sweeps.items()},
        own.settings.app_sweep_seconds,
    )
    return {
        "sent": sum(each.succeeded for each in done),
        "failed": sum(each.failed for each in done),
    }
