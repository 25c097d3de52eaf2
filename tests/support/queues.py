"""A plain queue for one test: makes, fills, counts and removes it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pika

from local.services.amqp import channel_on


@contextmanager
def temporary_queue(url: str) -> Iterator[str]:
    """The name of a durable queue that exists for the block."""
    name = f"tiny_{uuid.uuid4().hex[:12]}"
    with channel_on(url) as ch:
        ch.queue_declare(name, durable=True)
        yield name
        ch.queue_delete(name)


def publish(url: str, queue: str, *bodies: str) -> None:
    """Publish these messages in order. Each has its body as its id."""
    with channel_on(url) as ch:
        for body in bodies:
            ch.basic_publish("", queue, body.encode(), pika.BasicProperties(message_id=body))


def left_in(url: str, queue: str) -> int:
    """The number of messages in the queue."""
    with channel_on(url) as ch:
        return int(ch.queue_declare(queue, passive=True).method.message_count)
