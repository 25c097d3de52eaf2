"""Every minute: counts and ages of waiting and failed events, as CloudWatch metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalice import Rate

from chalicelib.banking.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.banking.events.reading import read_health
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.database import Row
from fintegrate.embedded_metrics import publish

COUNTS = {
    "pending_count": "PendingEvents",
    "waiting_behind_count": "EventsWaitingBehind",
    "failed_count": "FailedEvents",
    "undelivered_count": "UndeliveredEvents",
    "delivery_failed_count": "DeliveryFailedEvents",
    "unmatched_dead_letter_count": "UnmatchedDeadLetters",
}
AGES = {
    "oldest_pending_age_hours": "OldestPendingAge",
    "oldest_undelivered_age_hours": "OldestUndeliveredAge",
}

PAUSE = "PublishingPauseAge"
"""For how long the queue of a consumer has refused; of all consumers, the longest."""
NOT_OPEN = "WebhookNotOpenAge"
"""For how long the server of a bank that is called is away or refuses; of all banks, the longest."""
PENDING_AGE = AGES["oldest_pending_age_hours"]
"""Of all consumers it leaves out the banks of which `NOT_OPEN` tells: its alarm says why they wait."""


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="publish_metrics")
@scheduled
def publish_metrics(_event: Any) -> dict[str, Any]:
    """Publish the figures of GET /events/health for all tenants together, and for each tenant.

    But the age of what is pending: see `PENDING_AGE`.

    A tenant without waiting or failed events is left out, because CloudWatch charges for each metric
    and hour with data.
    """
    # Here, to spare other cold starts.
    from chalicelib.banking.events.gauges import read_gauges
    from chalicelib.banking.webhooks.gauges import not_open

    stage = parts().settings.stage
    health = read_health(parts().request.database, None)
    figures = {name: int(health[column]) for column, name in COUNTS.items()}
    figures |= {name: round((health[age] or 0) * 3600) for age, name in AGES.items()}
    rows = read_gauges(parts().request.database)
    figures |= _longest(rows, not_open(parts().request.database))
    publish(CLOUDWATCH_NAMESPACE, {"Stage": stage}, figures)
    for row in rows:
        own = figures_of(row)
        if any(own.values()):
            publish(
                CLOUDWATCH_NAMESPACE, {"Stage": stage, "Consumer": row["consumer"] or "none"}, own
            )
    return figures


def _longest(rows: Sequence[Row], away: Mapping[str, float]) -> dict[str, int]:
    """Of all consumers the longest; `away`: the banks whose server is not called freely."""
    waits = [row["oldest_pending"] for row in rows if row["consumer"] not in away]
    return {
        PAUSE: round(max((row["paused"] for row in rows), default=0)),
        NOT_OPEN: round(max(away.values(), default=0)),
        PENDING_AGE: round(max(waits, default=0)),
    }


def figures_of(row: Row) -> dict[str, int]:
    """One consumer's figures: the same names as for all tenants, plus its dead letters."""
    return {
        "PendingEvents": row["pending"],
        "EventsWaitingBehind": row["waiting_behind"],
        "FailedEvents": row["failed"],
        "UndeliveredEvents": row["undelivered"],
        "DeliveryFailedEvents": row["delivery_failed"] + row["dead_lettered"],
        "DeadLetteredEvents": row["dead_lettered"],
        "UnmatchedDeadLetters": row["unmatched_dead_letters"],
        "OldestPendingAge": round(row["oldest_pending"]),
        "OldestUndeliveredAge": round(row["oldest_undelivered"]),
        PAUSE: round(row["paused"]),
    }
