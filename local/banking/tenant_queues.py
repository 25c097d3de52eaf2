"""Takes the queues of tenants that were made for a measurement off the broker again.

A quorum queue that stays costs its node memory for every message, and a tenth of a second of each
start. Leaves to others how queues come to be: onboarding a consumer makes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import pika.exceptions

from chalicelib.banking.events.topology import queues
from local.services.amqp import channel_on


def remove_queues(broker_url: str, consumer_names: Iterable[str]) -> None:
    """Delete the consumers' queues and dead-letter queues with what lies in them; twice is fine.

    Each is purged first, as a rewind does: deleting a queue whose leader has just begun harms all.
    """
    names = [queue.name for queue in queues(consumer_names)]
    with channel_on(broker_url) as channel:
        for name in names:
            with suppress(pika.exceptions.ChannelClosedByBroker):
                channel.connection.channel().queue_purge(name)
        for name in names:
            channel.queue_delete(name)


def queue_exists(broker_url: str, name: str) -> bool:
    """Whether the broker has a queue of this name."""
    try:
        with channel_on(broker_url) as channel:
            channel.queue_declare(name, passive=True)
    except pika.exceptions.ChannelClosedByBroker:
        return False
    return True
