"""Every minute: writes down what happened to each stream, and what waits."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="write_minutes")
@scheduled
def write_minutes(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: a minute that is counted again has the same counts."""
    from chalicelib.banking.overview import minutes  # here, to spare other cold starts

    return minutes.write_minutes(parts().request.database)
