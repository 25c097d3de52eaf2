"""Every minute and on a nudge: sends what is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalice import Rate

from chalicelib.relay.delivery.nudges import QUEUE
from chalicelib.relay.destinations.destination_lanes import skip_deleted
from chalicelib.relay.schedules.blueprint import schedules
from chalicelib.relay.wiring import parts, scheduled
from fintegrate.messaging.nudges import TOGETHER
from fintegrate.messaging.queue_function import QueueMessage, batch_function


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
@batch_function(QUEUE, batch=TOGETHER)
def relay_deliver_nudged(
    _nudges: Sequence[QueueMessage], _left: Callable[[], float]
) -> Mapping[str, int]:
    """One run, however many nudges. One that comes again finds nothing due."""
    return parts().delivery().run().rows
