"""A channel on RabbitMQ for a few commands, on a connection of its own.

The harness and its tests open connections here. Exceptions are what must not share anything: the
probes, which give up early, the product itself, and the floors of the benchmarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pika
from pika.adapters.blocking_connection import BlockingChannel


@contextmanager
def channel_on(url: str) -> Iterator[BlockingChannel]:
    """A channel for the time of the block; its connection may be lost meanwhile.

    What is published on it has reached its queues once the call has returned, so that a read finds it.

    Raises:
        NackError: a queue refused a message, as a full one does.
        UnroutableError: no queue wanted a mandatory message.
    """
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        yield channel
    finally:
        if connection.is_open:
            connection.close()
