"""Reads and removes RabbitMQ queues from a test."""

from __future__ import annotations

import gc
import json
import time
import warnings
from dataclasses import dataclass
from typing import Any

import pika
import pika.exceptions

from chalicelib.banking.events.topology import queue_name
from local.banking.tenant_queues import remove_queues
from local.services.amqp import channel_on as channel


@dataclass(frozen=True)
class Delivery:
    """One message as the consumer's program gets it."""

    body: dict[str, Any]
    properties: pika.BasicProperties

    @property
    def sequence(self) -> int:
        return int(self.body["metadata"]["sequence"])

    @property
    def subject(self) -> str:
        return str(self.properties.headers["customer_id"])


def queued(
    url: str, consumer_name: str, count: int, seconds: float = 60
) -> list[tuple[pika.BasicProperties, bytes]]:
    """Consume and acknowledge `count` messages of a consumer's queue, in order, whatever they hold.

    RabbitMQ refuses `basic.get` on a queue with a single active consumer. Fails when fewer arrive.
    """
    found: list[tuple[pika.BasicProperties, bytes]] = []
    deadline = time.monotonic() + seconds
    with channel(url) as ch:
        for method, properties, body in ch.consume(
            queue_name(consumer_name), inactivity_timeout=0.2
        ):
            if method is not None:
                found.append((properties, body))
                ch.basic_ack(method.delivery_tag)
            if len(found) >= count or time.monotonic() > deadline:
                break
        ch.cancel()
    assert len(found) == count, f"{len(found)} of {count} messages arrived"
    return found


def take(url: str, consumer_name: str, count: int, seconds: float = 60) -> list[Delivery]:
    """Consume and acknowledge `count` messages in JSON, as `queued` does."""
    return [
        Delivery(json.loads(body), properties)
        for properties, body in queued(url, consumer_name, count, seconds)
    ]


def drain(url: str, consumer_name: str, quiet_seconds: float = 0.1) -> list[Delivery]:
    """Consume and acknowledge what the queue holds, and what comes until it is quiet for a while."""
    deliveries: list[Delivery] = []
    with channel(url) as ch:
        queue = queue_name(consumer_name)
        held = ch.queue_declare(queue, passive=True).method.message_count
        for method, properties, body in ch.consume(queue, inactivity_timeout=quiet_seconds):
            if method is not None:
                deliveries.append(Delivery(json.loads(body), properties))
                ch.basic_ack(method.delivery_tag)
            elif len(deliveries) >= held:
                break
        ch.cancel()
    return deliveries


def delete_queues(url: str, consumer_name: str) -> None:
    """Remove a consumer's queues, so that they do not pile up in the broker."""
    remove_queues(url, [consumer_name])


def login_refusal(parameters: pika.URLParameters) -> str:
    """How the broker refuses to let this user in. Fails when it does not."""
    said = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pika leaves its socket open then
        try:
            pika.BlockingConnection(parameters).close()
        except pika.exceptions.AMQPConnectionError as error:
            said = f"{type(error).__name__}: {error}"
        gc.collect()
    assert said, "the broker let the user in"
    return said
