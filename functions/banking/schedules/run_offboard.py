"""Every minute: finishes erasures that were left, and erases banks whose offboarding is due."""

from __future__ import annotations

import time
from contextlib import closing
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
    from chalicelib.banking.leaving.ending import Ending

    own, settings = parts(), parts().settings
    store = own.object_store.require() if own.object_store.exists else None
    delete_queues = partial(_delete_queues, settings.rabbitmq_url)
    ending = Ending(own.sweep_database, store, delete_queues)
    deadline = time.monotonic() + settings.offboard_seconds
    finished = 0
    try:
        finished = erasing.finish_old(own.sweep_database, deadline - settings.offboard_seconds / 2)
    finally:  # an erasure that fails does not keep the banks
        ended = ending.run(deadline - time.monotonic())
    return {**asdict(ended), "erasures": finished}


def _delete_queues(broker_url: str, consumer_name: str) -> None:
    """Not while a rewind works on them: it could make its queue anew afterwards."""
    from chalicelib.banking.events.rewind_worker import alone
    from chalicelib.banking.events.topology import queues
    from fintegrate.messaging.publisher import parameters_of
    from fintegrate.messaging.topology import delete

    with closing(alone(parameters_of(broker_url), consumer_name)):
        delete(broker_url, queues([consumer_name]))
