"""Every minute and on a nudge: calls the banks that have chosen webhooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.webhooks.nudges import QUEUE
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.messaging.nudges import TOGETHER
from fintegrate.messaging.queue_function import QueueMessage, batch_function


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="deliver_webhooks")
@scheduled
def deliver_webhooks(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: each customer's event is leased by one."""
    summary = parts().webhooks().run()
    return {**summary.rows, "requests": summary.requests}


@schedules.lambda_function(name="deliver_webhooks_nudged")
@batch_function(QUEUE, batch=TOGETHER)
def deliver_webhooks_nudged(
    _nudges: Sequence[QueueMessage], _left: Callable[[], float]
) -> Mapping[str, int]:
    """One run, however many nudges. One that comes again finds nothing due."""
    return parts().webhooks().run().rows
