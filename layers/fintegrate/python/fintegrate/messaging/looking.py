"""Looks at what lies in a queue, and takes nothing out of it.

A queue with a single active consumer refuses single gets, so this subscribes, reads until nothing more
comes, and ends its connection without an acknowledgement. The broker puts everything back in order. Each
look counts as one delivery of every message. A reader that was there first keeps the messages: then this
sees none of them and says so.
Source: https://www.rabbitmq.com/docs/consumers#single-active-consumer
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pika
import pika.exceptions

from fintegrate.messaging.broker import BrokerUnavailable

NOT_FOUND = 404
MOST = 65_535
"""Messages. A channel can have no more without an acknowledgement."""


class Look(NamedTuple):
    """How many messages were seen, how many were not, and how many others read the queue."""

    seen: int
    unseen: int
    readers: int


def look_into(
    parameters: pika.URLParameters,
    queue: str,
    seen: Callable[[pika.BasicProperties], None],
    quiet_seconds: float,
) -> Look:
    """Call `seen` with the properties of each message, oldest first.

    It reads until it has seen all, or no message came for `quiet_seconds`. A queue that does not exist
    is empty.

    Raises:
        BrokerUnavailable: the broker is away.
    """
    try:
        connection = pika.BlockingConnection(parameters)
        try:
            return _look(connection, queue, seen, quiet_seconds)
        finally:
            with suppress(pika.exceptions.AMQPError):
                connection.close()
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code != NOT_FOUND:
            raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
        return Look(0, 0, 0)
    except (pika.exceptions.AMQPError, OSError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error


def _look(
    connection: pika.BlockingConnection,
    queue: str,
    seen: Callable[[pika.BasicProperties], None],
    quiet_seconds: float,
) -> Look:
    channel, count, deadline = connection.channel(), 0, time.monotonic() + quiet_seconds
    found = channel.queue_declare(queue, passive=True).method
    channel.basic_qos(prefetch_count=MOST)
    for method, properties, _ in channel.consume(queue, inactivity_timeout=quiet_seconds / 8):
        if method is not None and properties is not None:
            count, deadline = count + 1, time.monotonic() + quiet_seconds
            seen(properties)
        if count >= found.message_count or time.monotonic() > deadline:
            break
    return Look(count, max(0, found.message_count - count), found.consumer_count)
