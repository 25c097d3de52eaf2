"""Nudges and a real broker: what is lost is told, and a missing queue is made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from fintegrate.breaker import CircuitBreaker
from fintegrate.messaging import nudges
from fintegrate.messaging.publisher import Publisher
from local.services.amqp import channel_on
from local.services.running import RunningServices


@pytest.fixture
def url(services: RunningServices) -> str:
    return services.urls.rabbitmq_url


@pytest.fixture
def ch(url: str) -> Iterator[BlockingChannel]:
    with channel_on(url) as channel:
        yield channel


@pytest.fixture
def queue(ch: BlockingChannel) -> Iterator[str]:
    """The name of a queue that is not there yet."""
    name = f"nudged_{uuid.uuid4().hex[:12]}"
    yield name
    ch.queue_delete(name)


@pytest.fixture
def publisher(url: str) -> Iterator[Publisher]:
    publisher = Publisher(url, CircuitBreaker())
    yield publisher
    publisher.close()


def post(publisher: Publisher, url: str, queue: str) -> int:
    return nudges.post(publisher, url, queue, b"{}", 1, "test")


def arrived(ch: BlockingChannel, queue: str) -> pika.BasicProperties:
    _, properties, _ = ch.basic_get(queue, auto_ack=True)
    assert properties is not None
    return properties


def test_first_nudge_declares_the_queue(
    publisher: Publisher, url: str, ch: BlockingChannel, queue: str
) -> None:
    assert post(publisher, url, queue) == 0

    assert arrived(ch, queue).type == "nudge"


def test_nudges_are_not_persistent(
    publisher: Publisher, url: str, ch: BlockingChannel, queue: str
) -> None:
    post(publisher, url, queue)

    assert arrived(ch, queue).delivery_mode == pika.DeliveryMode.Transient.value


def test_lost_nudge_is_counted_by_the_next(
    publisher: Publisher, url: str, ch: BlockingChannel, queue: str
) -> None:
    post(publisher, url, queue)
    ch.queue_delete(queue)

    assert post(publisher, url, queue) == 0  # not known yet
    assert post(publisher, url, queue) == 1

    assert arrived(ch, queue).type == "nudge"


def test_open_breaker_costs_nothing(url: str, queue: str) -> None:
    breaker = CircuitBreaker(failures=1)
    breaker.failed()
    publisher = Publisher(url, breaker)

    assert post(publisher, url, queue) == 1

    assert publisher._kept is None
