"""One connection to RabbitMQ that publishes with confirms, in a pipeline, in order per key.

`publish` hands over a list of messages and waits until each is confirmed, refused or given up. Of
one order key at most one message is unconfirmed at any time, and after one fails the rest of that
key are not sent: nothing overtakes. Different keys fill the pipeline.

Built on pika's `SelectConnection`, because its `BlockingConnection` waits for every single confirm
and has no deadline. Not thread-safe; `fintegrate.publisher` keeps one per thread.
Source: https://www.rabbitmq.com/docs/confirms (acks may cover `multiple` tags; an unroutable
mandatory message is returned before its ack; a full `reject-publish` queue nacks).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pika
import pika.exceptions
from pika.adapters.select_connection import IOLoop, SelectConnection
from pika.channel import Channel

WINDOW = 2_000
"""How many messages may be unconfirmed at once; beyond it the broker only queues them."""
_HANDSHAKE_PART = 0.9
"""Of the time to connect: pika itself must give up first, because then it closes its socket."""


class BrokerUnavailable(Exception):
    """The broker could not be reached in time; the text is its own word, without credentials."""


class Fate(Enum):
    """What became of a message."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """Nacked: the queue is full, or the broker could not store it."""
    UNROUTABLE = "unroutable"
    """Returned: no queue is bound, or the exchange does not exist."""
    UNCONFIRMED = "unconfirmed"
    """Sent, but the connection broke or the time ran out: it may have arrived."""
    HELD_BACK = "held_back"
    """Not sent, because an earlier message with the same order key failed."""
    UNSENT = "unsent"
    """Not sent, because the broker is away."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate of one message and, unless it is confirmed, the reason in the broker's words."""

    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published; messages with the same `order_key` never overtake each other."""

    exchange: str
    routing_key: str
    body: bytes
    properties: pika.BasicProperties
    order_key: str


CONFIRMED = Outcome(Fate.CONFIRMED)
HELD_BACK = Outcome(Fate.HELD_BACK, "held back by an earlier message that failed")


class BrokerConnection:
    """An open connection with one channel in confirm mode.

    Raises:
        BrokerUnavailable: it could not be opened within `seconds`.
    """

    def __init__(self, parameters: pika.URLParameters, seconds: float) -> None:
        self._loop = IOLoop()
        self._loop.activate_poller()
        self._channel: Channel | None = None
        self._confirming = False
        self._tag = 0
        self._lost: str | None = None
        self._exchange_missing = False
        self._blocked: str | None = None
        self._pipeline: _Pipeline | None = None
        self._answered = False
        self._connection = SelectConnection(
            _within(parameters, _HANDSHAKE_PART * seconds),
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_lost,
            on_close_callback=self._on_lost,
            custom_ioloop=self._loop,
        )
        if not self._poll_until(lambda: self._ready, time.monotonic() + seconds):
            reason = self._lost or f"no connection within {seconds:g} s"
            self.close()
            raise BrokerUnavailable(reason)
        self.used_at = time.monotonic()

    @property
    def usable(self) -> bool:
        """Whether nothing has been heard of its end so far."""
        return self._lost is None and self._ready

    def check(self, seconds: float) -> bool:
        """Whether it still works, by one round trip: also finds an end that nobody announced."""
        if not self.usable or self._channel is None:
            return False
        self._answered = False
        try:
            self._channel.basic_qos(prefetch_count=1, callback=self._on_answer)
        except pika.exceptions.AMQPError:
            return False
        return self._poll_until(lambda: self._answered, time.monotonic() + seconds)

    def notice(self) -> bool:
        """Read what has arrived, without waiting: a close, a reset. Whether it is still usable."""
        self._poll_once(0)
        return self.usable

    def publish(self, messages: Sequence[Message], seconds: float) -> list[Outcome]:
        """Publish and wait for every confirm, at most `seconds`.

        When the time runs out or the connection breaks, what was sent is `UNCONFIRMED`, the rest
        `UNSENT`, and the connection is no longer usable: a late confirm must find nobody.
        """
        assert self._channel is not None
        pipeline = self._pipeline = _Pipeline(messages, self._send)
        deadline = time.monotonic() + seconds
        pipeline.fill()
        while pipeline.waiting and self.usable and self._blocked is None:
            if time.monotonic() >= deadline:
                self._lost = f"no confirm within {seconds:g} s"
                break
            self._poll_once(deadline - time.monotonic())
            pipeline.fill()
        if pipeline.waiting:
            self._lost = self._lost or f"connection blocked by the broker: {self._blocked}"
            # Without its exchange nothing that was in flight could be routed: it did not arrive.
            fate = Fate.UNROUTABLE if self._exchange_missing else Fate.UNCONFIRMED
            pipeline.give_up(Outcome(fate, self._lost))
        self._pipeline = None
        self.used_at = time.monotonic()
        return pipeline.outcomes

    def close(self) -> None:
        """Close, waiting for the broker's agreement only briefly."""
        if self._connection.is_open:
            self._connection.close()
        deadline = time.monotonic() + 0.2
        while not self._connection.is_closed and time.monotonic() < deadline:
            self._poll_once(deadline - time.monotonic())
        self._lost = self._lost or "closed"
        self._loop.deactivate_poller()
        self._loop.close()

    @property
    def _ready(self) -> bool:
        return self._channel is not None and self._channel.is_open and self._confirming

    def _send(self, message: Message) -> int:
        """Publish one message; its delivery tag."""
        assert self._channel is not None
        self._channel.basic_publish(
            message.exchange, message.routing_key, message.body, message.properties, mandatory=True
        )
        self._tag += 1
        return self._tag

    def _on_open(self, connection: SelectConnection) -> None:
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_lost)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=self._on_confirm_mode)

    def _on_confirm_mode(self, _frame: Any) -> None:
        self._confirming = True

    def _on_answer(self, _frame: Any) -> None:
        self._answered = True

    def _on_lost(self, _where: Any, reason: Any) -> None:
        self._lost = self._lost or _words(reason)
        if isinstance(reason, pika.exceptions.ChannelClosedByBroker) and reason.reply_code == 404:
            self._exchange_missing = True

    def _on_blocked(self, _connection: Any, frame: Any) -> None:
        self._blocked = str(frame.method.reason)

    def _on_return(self, _channel: Any, method: Any, properties: Any, _body: Any) -> None:
        if self._pipeline is not None:
            self._pipeline.returned(
                str(properties.message_id), f"{method.reply_text}: {method.routing_key}"
            )

    def _on_confirm(self, frame: Any) -> None:
        if self._pipeline is not None:
            confirmed = isinstance(frame.method, pika.spec.Basic.Ack)
            self._pipeline.answered(frame.method.delivery_tag, frame.method.multiple, confirmed)

    def _poll_until(self, done: Callable[[], bool], deadline: float) -> bool:
        while not done():
            left = deadline - time.monotonic()
            if self._lost is not None or left <= 0:
                return False
            self._poll_once(left)
        return True

    def _poll_once(self, seconds: float) -> None:
        """One round of pika's loop that waits at most `seconds` for something to happen."""
        timer = self._loop.call_later(max(0.0, seconds), _nothing)
        self._loop.poll()
        self._loop.process_timeouts()
        self._loop.remove_timeout(timer)


class _Pipeline:
    """The messages of one `publish`: what is sent, what waits behind what, what became of each."""

    def __init__(self, messages: Sequence[Message], send: Callable[[Message], int]) -> None:
        self._messages = messages
        self._send = send
        self.outcomes = [Outcome(Fate.UNSENT)] * len(messages)
        self._lanes: dict[str, deque[int]] = {}
        self._unconfirmed: dict[int, int] = {}  # delivery tag -> index, in tag order
        self._returned: dict[str, str] = {}  # message id -> reason
        for index, message in enumerate(messages):
            self._lanes.setdefault(message.order_key, deque()).append(index)
        self._ready = deque(lane.popleft() for lane in self._lanes.values())

    @property
    def waiting(self) -> bool:
        return bool(self._unconfirmed or self._ready)

    def fill(self) -> None:
        while self._ready and len(self._unconfirmed) < WINDOW:
            index = self._ready.popleft()
            try:
                tag = self._send(self._messages[index])
            except pika.exceptions.AMQPError:
                self._ready.appendleft(index)  # the connection is gone: it was not sent
                return
            self._unconfirmed[tag] = index

    def answered(self, tag: int, multiple: bool, confirmed: bool) -> None:
        tags = self._up_to(tag) if multiple else [tag]
        for answered in tags:
            index = self._unconfirmed.pop(answered, None)
            if index is not None:
                self._settle(index, confirmed)

    def returned(self, message_id: str, reason: str) -> None:
        self._returned[message_id] = reason

    def give_up(self, in_flight: Outcome) -> None:
        for index in self._unconfirmed.values():
            self.outcomes[index] = in_flight
        for index, outcome in enumerate(self.outcomes):
            if outcome.fate is Fate.UNSENT:
                self.outcomes[index] = Outcome(Fate.UNSENT, in_flight.reason)

    def _up_to(self, tag: int) -> list[int]:
        tags = []
        for unconfirmed in self._unconfirmed:
            if unconfirmed > tag:
                break
            tags.append(unconfirmed)
        return tags

    def _settle(self, index: int, confirmed: bool) -> None:
        message = self._messages[index]
        reason = self._returned.pop(str(message.properties.message_id), None)
        if reason is not None:
            self._fail(message, index, Outcome(Fate.UNROUTABLE, reason))
        elif not confirmed:
            refusal = Outcome(Fate.REFUSED, f"nacked by the broker: {message.routing_key}")
            self._fail(message, index, refusal)
        else:
            self.outcomes[index] = CONFIRMED
            lane = self._lanes[message.order_key]
            if lane:
                self._ready.append(lane.popleft())

    def _fail(self, message: Message, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        for held in self._lanes[message.order_key]:
            self.outcomes[held] = HELD_BACK
        self._lanes[message.order_key].clear()


def _within(parameters: pika.URLParameters, seconds: float) -> pika.URLParameters:
    """The same parameters with less time for the handshake."""
    bounded = copy(parameters)
    bounded.socket_timeout = bounded.stack_timeout = seconds
    return bounded


def _words(reason: Any) -> str:
    """What the broker or the socket said, unwrapped from pika's exceptions."""
    while True:
        nested = getattr(reason, "exceptions", None) or getattr(reason, "args", None)
        inner = [error for error in nested or () if isinstance(error, BaseException)]
        if not inner:
            return f"{type(reason).__name__}: {reason}"[:500]
        reason = inner[-1]


def _nothing() -> None:
    """A timer whose only effect is that the loop wakes up."""
