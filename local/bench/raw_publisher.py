"""The floor of a publish: pika alone, publishing composed messages in a pipeline of confirms.

There is no database, no order and no outcome per message. This is the most that this client and this
broker allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any, Self

import pika
from pika.channel import Channel

from fintegrate.messaging.message import Message

WINDOW = 5_000
"""Unconfirmed messages at once; larger and smaller numbers were not faster."""


def pikas_own(message: Message) -> Message:
    """The message with properties that pika encodes, as in a program without this project."""
    plain = pika.BasicProperties()
    vars(plain).update(vars(message.properties))
    return message._replace(properties=plain)


class RawPublisher:
    """One connection with one channel in confirm mode.

    Raises (when publishing):
        RuntimeError: a message was nacked or the connection was lost.
    """

    def __init__(self, url: str) -> None:
        self._channel: Channel | None = None
        self._left: Iterator[Message] = iter(())
        self._sent = 0  # the delivery tag of a message is its number on the channel
        self._unconfirmed: dict[int, None] = {}
        self._error: str | None = None
        self._connection = pika.SelectConnection(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=lambda _, error: self._fail(repr(error)),
            on_close_callback=lambda _, error: self._fail(repr(error)),
        )
        self._run()

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish and wait for every confirm."""
        self._left = iter(messages)
        self._fill()
        self._run()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._connection.ioloop.start()

    def _run(self) -> None:
        self._connection.ioloop.start()
        if self._error:
            raise RuntimeError(f"the raw publisher failed: {self._error}")

    def _opened(self, channel: Channel) -> None:
        self._channel = channel
        channel.confirm_delivery(self._answered, callback=lambda _: self._connection.ioloop.stop())

    def _fill(self) -> None:
        assert self._channel is not None
        while len(self._unconfirmed) < WINDOW:
            message = next(self._left, None)
            if message is None:
                return
            self._channel.basic_publish(
                message.exchange,
                message.routing_key,
                message.body,
                message.properties,
                mandatory=True,
            )
            self._sent += 1
            self._unconfirmed[self._sent] = None

    def _answered(self, frame: Any) -> None:
        if isinstance(frame.method, pika.spec.Basic.Nack):
            self._fail("nacked")
            return
        for tag in self._up_to(frame.method):
            self._unconfirmed.pop(tag, None)
        self._fill()
        if not self._unconfirmed:
            self._connection.ioloop.stop()

    def _up_to(self, ack: pika.spec.Basic.Ack) -> list[int]:
        assert ack.delivery_tag is not None
        if not ack.multiple:
            return [ack.delivery_tag]
        last = ack.delivery_tag
        return list(takewhile(lambda tag: tag <= last, self._unconfirmed))

    def _fail(self, error: str) -> None:
        self._error = error
        self._connection.ioloop.stop()
