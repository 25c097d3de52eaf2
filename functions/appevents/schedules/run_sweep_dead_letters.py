"""Every minute: takes dead letters from the queues into the database."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.appevents.ops.sweeping import sweep
from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.topology import services
from chalicelib.appevents.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="app_sweep_dead_letters")
@scheduled
def app_sweep_dead_letters(_event: Any) -> dict[str, Any]:
    """Each service's queue gets its share of the time. The next run takes what is left."""
    own = parts()
    database = own.service("notification").request.database
    settings = own.settings
    kept = sweep(database, settings.app_rabbitmq_url, services(), settings.app_sweep_seconds)
    return {"kept": kept}
