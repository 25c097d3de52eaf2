"""Every minute and on a nudge: calls the banks that have chosen webhooks."""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.webhooks.nudges import QUEUE
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.messaging.queue_function import QueueMessage, queue_function


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="deliver_webhooks")
@scheduled
def deliver_webhooks(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each customer's event is leased by one."""
    summary = parts().webhooks().run()
    return {**summary.rows, "requests": summary.requests}


@schedules.lambda_function(name="deliver_webhooks_nudged")
@queue_function(QUEUE)
def deliver_webhooks_nudged(_message: QueueMessage) -> None:
    """A nudge that comes again finds nothing due."""
    parts().webhooks().run()
