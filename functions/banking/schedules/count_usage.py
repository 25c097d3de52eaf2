"""Every minute: counts what each consumer has used of its bounds.

A request only reads the outcome, with its key. So no create pays for a count, and a bound can be
exceeded by what a consumer writes between two runs.
"""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.customer.usage import count_all
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="count_usage")
@scheduled
def count_usage(_event: Any) -> dict[str, Any]:
    """Return how many consumers were counted, and how many have used up a bound.

    Overlapping runs are harmless: each writes counts and the time until which they hold together.
    """
    settings = parts().settings
    bounds = {
        "most_customers": settings.consumer_max_customers,
        "most_events": settings.consumer_max_events_per_day,
        "most_snapshots": settings.consumer_max_snapshots,
    }
    return {**count_all(parts().request.database, bounds)}
