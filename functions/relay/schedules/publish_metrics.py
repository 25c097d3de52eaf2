"""Every minute: how the lanes and the intake are, as CloudWatch metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalice import Rate

from chalicelib.relay.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.relay.console.conditions import MASS_REFUSAL
from chalicelib.relay.schedules.blueprint import schedules
from chalicelib.relay.wiring import parts, scheduled
from fintegrate.database import Row
from fintegrate.embedded_metrics import publish

"""The reason of a lane that is blocked because its receiver refuses every event."""


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="relay_publish_metrics")
@scheduled
def relay_publish_metrics(_event: Any) -> dict[str, Any]:
    """Publish the figures of GET /admin/v1/health, of all lanes together."""
    from chalicelib.relay.ledger.health import read_intake, read_lanes  # spares other cold starts

    database, settings = parts().request.database, parts().settings
    intake = read_intake(database)
    figures = {
        **figures_of(read_lanes(database)),
        "OldestIntakeAge": round(intake["oldest_pending_age_seconds"] or 0),
        "UnresolvedRows": intake["unresolved_count"],
        "ForeignRows": sum(each["row_count"] for each in intake["foreign"]),
    }
    publish(CLOUDWATCH_NAMESPACE, {"Stage": settings.stage}, figures)
    return figures


def figures_of(lanes: Sequence[Row]) -> dict[str, int]:
    """The lanes together; a lane that refuses everything is also blocked.

    A paused lane counts by its backlog all the same: one that was forgotten loses what becomes too old.
    """
    ages = [lane["oldest_pending_age_seconds"] or 0 for lane in lanes]
    return {
        "PendingDeliveries": sum(lane["pending_count"] for lane in lanes),
        "OldestPendingAge": round(max(ages, default=0)),
        "BlockedLanes": sum(lane["state"] == "blocked" for lane in lanes),
        "RefusingLanes": sum(lane["reason"] == MASS_REFUSAL for lane in lanes),
    }
