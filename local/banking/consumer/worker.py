"""The AMQP loop: takes messages from the consumer's queue, and answers the broker for each.

Waits are spent inside pika (`BlockingConnection.sleep`), so that heartbeats are served while
the work is slow. A lost connection is replaced with backoff; what was unacknowledged comes again.
The queue is never declared here, only expected: it belongs to Fintegrate.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker
from pika.spec import Basic, BasicProperties

from local.banking.consumer.backoff import Backoff
from local.banking.consumer.messages import (
    Event,
    MalformedMessage,
    parse_event,
    times_handed_out,
)
from local.banking.consumer.ordering import Delivery, GapBuffer
from local.banking.consumer.processing import (
    MAX_TIMES_HANDED_OUT,
    PREFETCH,
    Outcome,
    ProcessingInterrupted,
    Processor,
    Settlement,
)
from local.banking.consumer.reporting import Reporter

_TICK_SECONDS = 0.25


@dataclass(slots=True)
class Limits:
    """When to end without being told: after so many messages, or so long without one."""

    max_messages: int | None = None
    idle_seconds: float | None = None


class _Connection:
    """One broker connection with its one channel."""

    def __init__(self, parameters: pika.URLParameters) -> None:
        self._connection = BlockingConnection(parameters)
        self.channel: BlockingChannel = self._connection.channel()

    def open(self, queue: str) -> BlockingChannel:
        self.channel.queue_declare(queue, passive=True)
        self.channel.basic_qos(prefetch_count=PREFETCH)
        return self.channel

    def sleep(self, seconds: float) -> None:
        try:
            self._connection.sleep(seconds)
        except AMQPError as exc:
            raise ProcessingInterrupted(f"broker lost: {type(exc).__name__}") from exc

    def close(self) -> None:
        if self._connection.is_open:
            self._connection.close()


class Worker:
    """Reads `queue` until it is told to stop or a limit is reached."""

    def __init__(
        self,
        broker_url: str,
        queue: str,
        *,
        processor: Processor,
        buffer: GapBuffer,
        reporter: Reporter,
        backoff: Backoff,
        limits: Limits,
    ) -> None:
        self._parameters = pika.URLParameters(broker_url)
        self._parameters.client_properties = {"connection_name": f"reader of {queue}"}
        self._queue = queue
        self._processor = processor
        self._buffer = buffer
        self._reporter = reporter
        self._backoff = backoff
        self._limits = limits
        self._settled = 0
        self._failures = 0
        self._last_activity = time.monotonic()

    def run(self) -> None:
        """Consume, and reconnect when the broker goes away.

        Raises:
            KeyRefused: the API does not accept this consumer's key
        """
        while not self._done():
            try:
                self._consume()
            except (AMQPError, ProcessingInterrupted) as exc:
                self._buffer.forget_deliveries()
                self._wait_to_reconnect(exc)
            else:
                self._buffer.forget_deliveries()

    def _consume(self) -> None:
        with closing(_Connection(self._parameters)) as broker:
            channel = broker.open(self._queue)
            self._failures = 0
            self._reporter.note(f"reading {self._queue}")
            for method, properties, body in channel.consume(
                self._queue, inactivity_timeout=_TICK_SECONDS
            ):
                if method is not None and properties is not None and body is not None:
                    self._receive(broker, method, properties, body)
                self._release_overdue(broker)
                if self._done():
                    return
        self._reporter.warn(f"the broker cancelled the reading of {self._queue}")

    def _receive(
        self, broker: _Connection, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        self._last_activity = time.monotonic()
        tag, headers = method.delivery_tag or 0, properties.headers or {}
        try:
            event = _readable(body, headers, properties.content_type)
        except MalformedMessage as exc:
            self._reporter.warn(f"message {properties.message_id!r} to the dead letters: {exc}")
            self._settle(broker, tag, Settlement.REJECT)
            return
        self._take(broker, Delivery(tag, event, datetime.now(UTC)))

    def _take(self, broker: _Connection, delivery: Delivery, *, past_gap: bool = False) -> None:
        current: Delivery | None = delivery
        while current is not None:
            outcome = self._processor.process(current, broker.sleep, past_gap=past_gap)
            self._show(current, outcome)
            if outcome.settlement is Settlement.HOLD:
                self._buffer.hold(current)
                return
            self._settle(broker, current.tag, outcome.settlement)
            customer_id, past_gap = current.event.customer_id, False
            last = self._processor.inbox.last_position(customer_id)
            current = last and self._buffer.take_due(customer_id, last)

    def _release_overdue(self, broker: _Connection) -> None:
        while not self._done() and (delivery := self._buffer.take_overdue()) is not None:
            self._take(broker, delivery, past_gap=True)

    def _settle(self, broker: _Connection, tag: int, settlement: Settlement) -> None:
        if settlement is Settlement.ACK:
            broker.channel.basic_ack(tag)
        else:
            broker.channel.basic_reject(tag, requeue=False)
        self._settled += 1
        self._last_activity = time.monotonic()

    def _show(self, delivery: Delivery, outcome: Outcome) -> None:
        style = {Settlement.ACK: "green", Settlement.REJECT: "red", Settlement.HOLD: "yellow"}
        self._reporter.message(delivery.event, outcome.words, style[outcome.settlement])

    def _done(self) -> bool:
        if self._processor.must_stop():
            return True
        if self._limits.max_messages is not None and self._settled >= self._limits.max_messages:
            return True
        idle = self._limits.idle_seconds
        quiet = time.monotonic() - self._last_activity
        return idle is not None and not len(self._buffer) and quiet >= idle

    def _wait_to_reconnect(self, error: Exception) -> None:
        self._failures += 1
        seconds = self._backoff.seconds(self._failures)
        if not self._processor.must_stop():
            self._reporter.warn(f"{_in_words(error, self._queue)}; again in {seconds:.1f} s")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._processor.must_stop():
            time.sleep(min(_TICK_SECONDS, seconds))
        self._last_activity = time.monotonic()  # without a broker nothing is idle


def _in_words(error: Exception, queue: str) -> str:
    if isinstance(error, ChannelClosedByBroker) and error.reply_code == 404:
        return f"queue {queue} is not there: create its consumer with POST /consumer/data"
    return f"broker: {type(error).__name__}"


def _readable(body: bytes, headers: Mapping[str, Any], content_type: str | None) -> Event:
    handed_out = times_handed_out(headers)
    if handed_out >= MAX_TIMES_HANDED_OUT:
        raise MalformedMessage(f"handed out {handed_out} times and never settled")
    return parse_event(body, headers, content_type)
