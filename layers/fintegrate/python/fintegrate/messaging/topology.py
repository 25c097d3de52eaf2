"""Declares exchanges, queues and bindings; repeating it is harmless.

A service describes its queues as data. Declaring opens a short connection of its own, because it is
rare and must not disturb a connection that publishes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from fintegrate.messaging.broker import BrokerUnavailable

_OTHER_ARGUMENTS = 406
_NOT_FOUND = 404
_NO_QUEUE = "no queue '"
log = logging.getLogger(__name__)


class QueueRefused(BrokerUnavailable):
    """The broker is there and refuses a queue or a binding, for example for want of a right."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue with its arguments and the routing keys of its bindings."""

    name: str
    routing_keys: Sequence[str]
    arguments: Mapping[str, Any] = field(default_factory=dict)


def declare(url: str, exchange: str, queues: Sequence[Queue], seconds: float = 3.0) -> None:
    """Declare a durable topic exchange, the queues and their bindings; without a name, queues alone.

    A queue that exists with other arguments keeps them, because only its deletion could change them. Its
    bindings are still declared, so that messages reach it.

    Raises:
        BrokerUnavailable: the broker is away.
        QueueRefused: it refuses a queue. The other queues are still declared.
    """
    try:
        with short_connection(url, seconds) as connection:
            if exchange:
                connection.channel().exchange_declare(exchange, "topic", durable=True)
            refused = [
                reason for queue in queues if (reason := _declare(connection, exchange, queue))
            ]
    except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
    if refused:
        raise QueueRefused("; ".join(refused))


def existing(url: str, names: Sequence[str], seconds: float = 3.0) -> list[str]:
    """The queues of these names that there are. It takes no right to ask.

    Raises:
        BrokerUnavailable: the broker is away.
    """
    try:
        with short_connection(url, seconds) as connection:
            return [name for name in names if _exists(connection, name)]
    except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error


def _exists(connection: pika.BlockingConnection, name: str) -> bool:
    channel = connection.channel()
    try:
        channel.queue_declare(name, passive=True)
    except pika.exceptions.ChannelClosedByBroker as error:
        # The broker answers so, in other words, for a queue whose node is down, too.
        return not (error.reply_code == _NOT_FOUND and _NO_QUEUE in error.reply_text)
    channel.close()
    return True


def delete(url: str, queues: Sequence[Queue], seconds: float = 5.0) -> None:
    """Delete the queues with what lies in them; those that are gone already are no matter.

    Each is purged first, as a rewind does: deleting a queue whose leader has just begun harms all.

    Raises:
        BrokerUnavailable: the broker is away, or refuses.
    """
    try:
        with short_connection(url, seconds) as connection:
            for queue in queues:
                with suppress(pika.exceptions.ChannelClosedByBroker):
                    connection.channel().queue_purge(queue.name)
                connection.channel().queue_delete(queue.name)
    except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error


@contextmanager
def short_connection(url: str, seconds: float) -> Iterator[pika.BlockingConnection]:
    """A connection that tries once and waits at most so long for each answer.

    Raises:
        AMQPError, AMQPConnectorException, OSError: the broker is away, or refuses.
    """
    parameters = pika.URLParameters(url)
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = seconds
    parameters.blocked_connection_timeout = seconds
    connection = pika.BlockingConnection(parameters)
    try:
        yield connection
    finally:
        if connection.is_open:
            connection.close()


def _declare(connection: pika.BlockingConnection, exchange: str, queue: Queue) -> str | None:
    """Declare one queue; returns the broker's reason if it refuses.

    Uses a channel of its own, because the broker closes a channel when it refuses.
    """
    try:
        channel = _with_queue(connection, queue)
        for routing_key in queue.routing_keys:
            channel.queue_bind(queue.name, exchange, routing_key)
    except pika.exceptions.ChannelClosedByBroker as error:
        return f"{type(error).__name__}: {error}"
    channel.close()
    return None


def _with_queue(connection: pika.BlockingConnection, queue: Queue) -> BlockingChannel:
    """An open channel, after the queue was declared or found with other arguments."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code != _OTHER_ARGUMENTS:
            raise
        log.warning("%s keeps its arguments: %s", queue.name, error.reply_text)
        return connection.channel()
    return channel
