"""Declaring exchanges, queues and bindings, again and again without harm.

Leaves to others which ones: a service describes them as data. A short connection of its own, because
declaring is rare and must not disturb a connection that publishes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pika
import pika.exceptions

from fintegrate.broker import BrokerUnavailable


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue with its arguments and the routing keys that are bound to it."""

    name: str
    routing_keys: Sequence[str]
    arguments: Mapping[str, Any] = field(default_factory=dict)


def declare(url: str, exchange: str, queues: Sequence[Queue], seconds: float = 3.0) -> None:
    """Declare a durable topic exchange, the queues and their bindings.

    Raises:
        BrokerUnavailable: the broker is away, or refuses (a queue exists with other arguments).
    """
    parameters = pika.URLParameters(url)
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = seconds
    parameters.blocked_connection_timeout = seconds
    try:
        connection = pika.BlockingConnection(parameters)
        try:
            channel = connection.channel()
            channel.exchange_declare(exchange, "topic", durable=True)
            for queue in queues:
                channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
                for routing_key in queue.routing_keys:
                    channel.queue_bind(queue.name, exchange, routing_key)
        finally:
            if connection.is_open:
                connection.close()
    except (pika.exceptions.AMQPError, OSError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
