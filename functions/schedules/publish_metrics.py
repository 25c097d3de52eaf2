"""Every minute: what waits and what failed, as metrics of CloudWatch.

One log line in the embedded metric format is all it takes: CloudWatch makes the metrics from it, so
the function needs no permission and no call. Elsewhere it is a line like any other.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from chalice import Rate

from chalicelib.events.store import read_health
from chalicelib.platform import platform
from chalicelib.schedules.blueprint import schedules
from chalicelib.schedules.run import scheduled

NAMESPACE = "Fintegrate"
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


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="publish_metrics")
@scheduled
def publish_metrics(_event: Any) -> dict[str, Any]:
    """The figures of GET /events/health for all tenants together; ages in seconds."""
    parts = platform()
    health = read_health(parts.process.database, None)
    figures = {name: int(health[column]) for column, name in COUNTS.items()}
    figures |= {name: round((health[age] or 0) * 3600) for age, name in AGES.items()}
    sys.stdout.write(metric_line(parts.settings.stage, figures, time.time()) + "\n")
    sys.stdout.flush()
    return figures


def metric_line(stage: str, figures: dict[str, int], now: float) -> str:
    """The line from which CloudWatch makes metrics with the one dimension `Stage`."""
    units = {name: "Seconds" if name in AGES.values() else "Count" for name in figures}
    declared = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Stage"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    stamp = {"Timestamp": int(now * 1000), "CloudWatchMetrics": [declared]}
    return json.dumps({"_aws": stamp, "Stage": stage, **figures})
