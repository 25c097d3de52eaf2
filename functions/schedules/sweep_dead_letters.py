"""Every minute: keeps what landed in the dead-letter queues and marks its events."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalice import Rate

from chalicelib.platform import platform
from chalicelib.schedules.blueprint import schedules
from chalicelib.schedules.run import scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="sweep_dead_letters")
@scheduled
def sweep_dead_letters(_event: Any) -> dict[str, Any]:
    """Read, keep, mark, acknowledge."""
    from chalicelib.events import dead_letters  # here, to spare every other function's cold start

    parts = platform()
    swept = dead_letters.sweep_dead_letters(
        parts.sweep_database, parts.settings.rabbitmq_url, parts.settings.sweep_seconds
    )
    return asdict(swept)
