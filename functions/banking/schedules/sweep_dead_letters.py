"""Every minute: stores the messages of the dead-letter queues and marks their events as failed.

Before that it declares the queues that the broker no longer has. A publish alone does not notice: the
broker confirms a message that reaches any queue, such as one that somebody bound to look at the events.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from functools import partial
from typing import Any

from chalice import Rate

from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled

log = logging.getLogger(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="sweep_dead_letters")
@scheduled
def sweep_dead_letters(_event: Any) -> dict[str, Any]:
    """Runs until the queues are empty or the time is up."""
    from chalicelib.banking.broker.observations import take_absent
    from chalicelib.banking.events import dead_letters
    from chalicelib.banking.events.counters import count_dead_letter
    from chalicelib.banking.leaving.offboarding import unless_left

    database = parts().sweep_database
    for consumer in take_absent(database):
        log.warning("queues are gone and declared again: %s", consumer["consumer_name"])
        declaring = partial(parts().declare_queues, [consumer])
        unless_left(database, consumer["consumer_id"], declaring)
    swept = dead_letters.sweep_dead_letters(
        database,
        parts().settings.rabbitmq_url,
        parts().settings.sweep_seconds,
        partial(count_dead_letter, parts().metrics),
    )
    return asdict(swept)
