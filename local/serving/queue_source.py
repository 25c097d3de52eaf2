"""Feeds a function with a queue's messages, as Amazon MQ's event source does.

A batch ends when it is full, when its window is over, or before it would exceed the size of an event.
It is acknowledged when the function succeeds. On an error the whole batch goes back to the queue.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pika
from pika.exceptions import AMQPError

from local.aws_shapes.queue_event import Message, queue_event
from local.aws_shapes.quotas import PAYLOAD_LIMIT

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection

RECONNECT_SECONDS = 1.0
PAUSE_AFTER_ERROR_SECONDS = 0.5
POLL_SECONDS = 0.2
ENCODED = 4 / 3  # base64
PER_MESSAGE_BYTES = 2048  # size of a message in an event, without its body
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueueSpec:
    """A queue whose messages a function gets."""

    function: str
    queue: str
    virtual_host: str = "/"
    batch_size: int = 100
    window_seconds: float = 0.5


class QueueSource:
    """Feeds a function from one queue, in a thread, from `start` to `stop`.

    Args:
        invoke: runs the function with an event; returns whether it succeeded
    """

    def __init__(
        self, spec: QueueSpec, url: str, invoke: Callable[[str, bytes], Future[bool]]
    ) -> None:
        self._spec = spec
        self._parameters = pika.URLParameters(url)
        self._parameters.virtual_host = spec.virtual_host
        self._invoke = invoke
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"queue {spec.queue}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, within: float = 5) -> None:
        """Consume no more. Messages that were not acknowledged go back to the queue."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(within)

    def _run(self) -> None:
        told = ""
        while not self._stopping.is_set():
            try:
                self._consume()
            except (AMQPError, OSError) as error:
                if told != repr(error):  # a missing queue would fill the log
                    told = repr(error)
                    log.warning("queue %s: %s; connecting again", self._spec.queue, told)
                self._stopping.wait(RECONNECT_SECONDS)

    def _consume(self) -> None:
        with pika.BlockingConnection(self._parameters) as connection:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=self._spec.batch_size)
            while not self._stopping.is_set():
                if batch := self._batch(channel):
                    self._hand_over(channel, batch)
            channel.cancel()

    def _batch(self, channel: BlockingChannel) -> list[Message]:
        batch: list[Message] = []
        size = 0
        deadline = time.monotonic() + POLL_SECONDS
        for method, properties, body in channel.consume(
            self._spec.queue, inactivity_timeout=POLL_SECONDS / 4
        ):
            if method is not None and properties is not None and body is not None:
                if not batch:
                    deadline = time.monotonic() + self._spec.window_seconds
                batch.append(
                    Message(
                        body, properties, bool(method.redelivered), int(method.delivery_tag or 0)
                    )
                )
                size += int(len(body) * ENCODED) + PER_MESSAGE_BYTES
            full = len(batch) >= self._spec.batch_size or size > PAYLOAD_LIMIT // 2
            if full or time.monotonic() >= deadline or self._stopping.is_set():
                break
        return batch

    def _hand_over(self, channel: BlockingChannel, batch: list[Message]) -> None:
        event = queue_event(self._spec.queue, self._spec.virtual_host, batch)
        run = self._invoke(self._spec.function, json.dumps(event).encode())
        run.add_done_callback(lambda _: _wake(channel.connection))
        while not run.done():  # heartbeats go on meanwhile
            channel.connection.process_data_events(POLL_SECONDS)
        last = batch[-1].delivery_tag
        if run.result():
            channel.basic_ack(last, multiple=True)
        else:
            channel.basic_nack(last, multiple=True, requeue=True)
            self._stopping.wait(PAUSE_AFTER_ERROR_SECONDS)


def _wake(connection: BlockingConnection) -> None:
    """End its wait for data. Called in another thread; the connection may be lost by then."""
    with suppress(AMQPError):
        connection.add_callback_threadsafe(lambda: None)
