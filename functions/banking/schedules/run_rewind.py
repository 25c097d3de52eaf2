"""Every minute: carries out the rewinds that POST /events/rewind began."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="rewind")
@scheduled
def rewind(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: the second waits for the first one's connection to end."""
    from chalicelib.banking.broker.nudges import nudge
    from chalicelib.banking.events.rewind_worker import RewindWorker

    settings = parts().settings
    worker = RewindWorker(
        parts().sweep_database, settings.rabbitmq_url, settings.publish_handoff_seconds
    )
    worked = worker.run(settings.sweep_seconds)
    if worked.jobs:
        nudge(
            parts().publisher, settings.rabbitmq_url, settings.publish_timeout_ms / 1000, "settle"
        )
    return asdict(worked)
