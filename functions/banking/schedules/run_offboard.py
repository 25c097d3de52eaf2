"""Every minute: finishes erasures that were left, and erases banks whose offboarding is due."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="offboard")
@scheduled
def offboard(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: every step may be repeated."""
    # Here, to spare other cold starts.
    from chalicelib.banking.customer import erasing
    from chalicelib.banking.events.topology import queues
    from chalicelib.banking.leaving.ending import Ending
    from fintegrate.messaging.topology import delete

    own, settings = parts(), parts().settings
    store = own.object_store.require() if own.object_store.exists else None
    deleted = partial(delete, settings.rabbitmq_url)
    ending = Ending(own.sweep_database, store, lambda name: deleted(queues([name])))
    deadline = time.monotonic() + settings.offboard_seconds
    finished = 0
    try:
        finished = erasing.finish_old(own.sweep_database, deadline - settings.offboard_seconds / 2)
    finally:  # an erasure that fails does not keep the banks
        ended = ending.run(deadline - time.monotonic())
    return {**asdict(ended), "erasures": finished}
