"""Every minute and on a nudge: sends what is due."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.relay.delivery.nudges import QUEUE
from chalicelib.relay.destinations.destination_lanes import skip_deleted
from chalicelib.relay.schedules.blueprint import schedules
from chalicelib.relay.wiring import parts, scheduled
from fintegrate.messaging.queue_function import QueueMessage, queue_function


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="relay_deliver")
@scheduled
def relay_deliver(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each row is leased by one."""
    own = parts()
    skipped = skip_deleted(own.request.database)
    summary = own.delivery().run()
    return {
        **summary.rows,
        "destination_deleted": skipped,
        "requests": summary.requests,
        "halvings": summary.halvings,
    }


@schedules.lambda_function(name="relay_deliver_nudged")
@queue_function(QUEUE)
def relay_deliver_nudged(_message: QueueMessage) -> None:
    """A nudge that comes again finds nothing due."""
    parts().delivery().run()
