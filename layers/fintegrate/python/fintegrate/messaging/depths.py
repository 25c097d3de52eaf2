"""How many messages wait in queues, and how many read each: asked without administrator's rights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.topology import short_connection

_NOT_FOUND = 404


class Depth(NamedTuple):
    """A queue as it is now. Messages that a consumer holds are not counted."""

    messages: int
    consumers: int


def depths(url: str, queues: Iterable[str], seconds: float = 3.0) -> dict[str, Depth | None]:
    """The depth of each queue; None for one that does not exist.

    Raises:
        BrokerUnavailable: the broker is away, or the user may not ask.
    """
    found: dict[str, Depth | None] = {}
    try:
        with short_connection(url, seconds) as connection:
            for name in queues:
                found[name] = _depth(connection, name)
    except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
    return found


def _depth(connection: pika.BlockingConnection, name: str) -> Depth | None:
    """A queue's depth, on a channel of its own: the broker closes it over a missing queue."""
    channel = connection.channel()
    try:
        declared = channel.queue_declare(name, passive=True).method
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code != _NOT_FOUND:
            raise
        return None
    channel.close()
    return Depth(int(declared.message_count), int(declared.consumer_count))
