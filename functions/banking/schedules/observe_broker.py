"""Every minute: has `broker_admin` settle what is open, and look at the broker.

It has no administrator's rights itself: it publishes a nudge.
"""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.broker.nudges import nudge
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="observe_broker")
@scheduled
def observe_broker(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: a nudge says only that there may be something to do."""
    settings = parts().settings
    seconds = settings.publish_timeout_ms / 1000
    return {"nudged": nudge(parts().publisher, settings.rabbitmq_url, seconds, "observe")}
