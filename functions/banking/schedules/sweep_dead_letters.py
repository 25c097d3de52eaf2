"""Every minute: stores the messages of the dead-letter queues and marks their events as failed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="sweep_dead_letters")
@scheduled
def sweep_dead_letters(_event: Any) -> dict[str, Any]:
    """Runs until the queues are empty or the time is up."""
    from chalicelib.banking.events import dead_letters

    swept = dead_letters.sweep_dead_letters(
        parts().sweep_database, parts().settings.rabbitmq_url, parts().settings.sweep_seconds
    )
    return asdict(swept)
