"""Measures the time from the commit until the consumer has the message, at a steady rate of creates.

The schedule of creates does not wait for slow ones. The consumer is another process with the same
monotonic clock. The commit counts from the moment at which the handler knows of it. The time since the
create was due is measured, too, so that a queue of late creates shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from chalicelib.banking import wiring
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from fintegrate.database import Row
from local.banking.bench.creates import creating
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.banking.bench.floor import RawCreate
from local.bench.child_process import child_process
from local.bench.figures import Figures
from local.bench.percentiles import p50_p99
from local.bench.timing import on_schedule
from local.services.amqp import channel_on

PER_SECOND = 100
SECONDS = 10
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Notices:
    """The result of a run of creates: the delay of each message in ms, and the rate per second."""

    since_commit: list[float]
    since_due: list[float]
    per_second: float


def notify(template: BenchTemplate) -> Figures:
    """The p50 and p99 at 100 creates a second, and those of the raw floor at the same rate."""
    with template.copy() as database:
        ours = handled(database, PER_SECOND, SECONDS)
        raw = _raw(database, PER_SECOND, SECONDS)
    (p50, p99), (raw_p50, raw_p99) = p50_p99(ours.since_commit), p50_p99(raw)
    return {
        "notify_p50_ms": p50,
        "notify_p99_ms": p99,
        "notify_since_due_p99_ms": p50_p99(ours.since_due)[1],
        "notify_raw_p50_ms": raw_p50,
        "notify_raw_p99_ms": raw_p99,
    }


def handled(database: BenchDatabase, per_second: float, seconds: float) -> Notices:
    """Creates through the handler, on schedule."""
    committed: dict[str, float] = {}
    publish_new = database.parts.request.publish_new
    assert publish_new is not None

    def noted(event: Row, written_after: float) -> None:
        committed[str(event["event_id"])] = time.monotonic()
        publish_new(event, written_after)

    create = creating(database.tenants[0])
    create()
    count = round(per_second * seconds)
    with _consumer(database, count) as arrivals, publishing(database.parts, noted):
        due = on_schedule(create, per_second, seconds)
        arrived = arrivals()
    dues = dict(zip(committed, due, strict=True))
    return Notices(
        [1000 * (arrived[event_id] - at) for event_id, at in committed.items()],
        [1000 * (arrived[event_id] - at) for event_id, at in dues.items()],
        count / (max(arrived.values()) - due[0]),
    )


@contextmanager
def publishing(parts: Parts, publish_new: Callable[[Row, float], None]) -> Iterator[None]:
    """Publish this process's new events with this function, for the block."""
    wiring.use(parts._replace(request=parts.request._replace(publish_new=publish_new)))
    try:
        yield
    finally:
        wiring.use(parts)


def _raw(database: BenchDatabase, per_second: float, seconds: float) -> list[float]:
    """Milliseconds since the insert's commit, with the bare drivers."""
    tenant = database.tenants[0]
    with RawCreate(
        database.database_url, database.rabbitmq_url, tenant.consumer_id, tenant.name
    ) as raw:
        raw.create()
        raw.committed.clear()
        with _consumer(database, round(per_second * seconds)) as arrivals:
            on_schedule(raw.create, per_second, seconds)
            arrived = arrivals()
        return [1000 * (arrived[event_id] - at) for event_id, at in raw.committed.items()]


@contextmanager
def _consumer(database: BenchDatabase, count: int) -> Iterator[Callable[[], dict[str, float]]]:
    """Consume this many messages in another process. It reports when each event arrived."""
    database.empty_queues()
    queue = queue_name(database.tenants[0].name)
    with child_process(_consume, database.rabbitmq_url, queue, count) as consumer:

        def arrivals() -> dict[str, float]:
            if not consumer.poll(PATIENCE_SECONDS):
                raise RuntimeError("not every message arrived")
            arrived: dict[str, float] = consumer.recv()
            return arrived

        consumer.recv()  # it listens
        yield arrivals


def _consume(url: str, queue: str, count: int, pipe: Connection) -> None:
    """Consume, and report only at the end: writing to a pipe would delay the next message."""
    arrived: dict[str, float] = {}
    with channel_on(url) as channel:
        channel.basic_qos(prefetch_count=10)

        def take(_channel: Any, method: Any, properties: Any, _body: bytes) -> None:
            arrived.setdefault(properties.message_id, time.monotonic())
            channel.basic_ack(method.delivery_tag)

        channel.basic_consume(queue, take)
        pipe.send("listening")
        while len(arrived) < count:
            # This returns as soon as a message came.
            channel.connection.process_data_events(time_limit=1)
        pipe.send(arrived)
