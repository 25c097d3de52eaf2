"""A plain queue of a test's own: made, filled, counted and removed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pika

from local.services.amqp import channel_on


@contextmanager
def temporary_queue(url: str) -> Iterator[str]:
    """The name of a durable queue that lives as long as the block."""
    name = f"tiny_{uuid.uuid4().hex[:12]}"
    with channel_on(url) as ch:
        ch.queue_declare(name, durable=True)
        yield name
        ch.queue_delete(name)


def publish(url: str, queue: str, *bodies: str) -> None:
    """Publish messages in this order, each with its body as its id."""
    with channel_on(url) as ch:
        for body in bodies:
            ch.basic_publish("", queue, body.encode(), pika.BasicProperties(message_id=body))


def left_in(url: str, queue: str) -> int:
    """How many messages wait there."""
    with channel_on(url) as ch:
        return int(ch.queue_declare(queue, passive=True).method.message_count)
