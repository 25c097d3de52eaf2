"""One connection to RabbitMQ that publishes with confirms, in a pipeline, in order per key.

`publish` takes a list of messages and waits until each is confirmed, refused or given up. `post` sends
one message and waits for nothing; at most one is under way so.
`fintegrate.messaging.pipeline` decides which message may be sent when, so that the order holds.

Built on pika's `SelectConnection`, because its `BlockingConnection` waits for every single confirm
and has no deadline. Not thread-safe; `fintegrate.messaging.publisher` keeps one per thread.
Source: https://www.rabbitmq.com/docs/confirms (acks may cover `multiple` tags; an unroutable
mandatory message is returned before its ack; a full `reject-publish` queue nacks).
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from functools import partial
from typing import Any

import pika
import pika.exceptions
from pika.adapters.select_connection import IOLoop, SelectConnection
from pika.channel import Channel

from fintegrate.messaging.message import Message
from fintegrate.messaging.pipeline import Pipeline
from fintegrate.outcome import Outcome, Result

_HANDSHAKE_PART = 0.9
"""Share of the connect timeout given to pika. It must give up before we do, so that it closes its own
socket."""
TRUSTED_SECONDS = 1.0
"""After this long without a confirm we first send an empty, unroutable probe. A broker short of memory
or disk says so only when something is published, and then stops reading. Real messages would stay in
the socket and arrive long after we gave them up (https://www.rabbitmq.com/docs/connection-blocked)."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_PIECE = 16_384
"""Bytes. Small enough that the broker handles a batch's first messages while we write the rest."""


class BrokerUnavailable(Exception):
    """The broker could not be reached in time; the text is the broker's, without credentials."""


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
        self._tag = self._confirmed_tag = 0
        self._lost: str | None = None
        self._exchange_missing = False
        self._blocked: str | None = None
        self._confirmed_at = float("-inf")
        self._pipeline: Pipeline | None = None
        self._posted: Pipeline | None = None
        self._answered = False
        self._connection = _Connection(
            _within(parameters, _HANDSHAKE_PART * seconds),
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_lost,
            on_close_callback=self._on_lost,
            custom_ioloop=self._loop,
        )
        self._poll_until(lambda: self._ready or self._lost is not None, seconds)
        if not self.usable:
            reason = self._lost or f"no connection within {seconds:g} s"
            self.close()
            raise BrokerUnavailable(reason)
        self.used_at = time.monotonic()

    @property
    def usable(self) -> bool:
        """Whether the connection is open, as far as we know."""
        return self._lost is None and self._ready

    def check(self, seconds: float) -> bool:
        """Whether the connection still works. One round trip also detects an unannounced end."""
        if not self.usable or self._channel is None:
            return False
        self._answered = False
        try:
            self._channel.basic_qos(prefetch_count=1, callback=self._on_answer)
        except pika.exceptions.AMQPError:
            return False
        self._poll_until(lambda: self._answered or self._lost is not None, seconds)
        return self._answered

    def refusal(self, seconds: float) -> str | None:
        """Why it takes no messages now, such as a full disk; None if it does.

        Publishes an empty message to nobody: the broker says it only then.
        """
        refused = self._refusal("", seconds)
        return refused.reason if refused else None

    def notice(self) -> bool:
        """Read what has arrived, such as a close or a reset, without waiting; return `usable`."""
        self._loop.call_later(0, _nothing)
        self._poll()
        return self.usable

    def publish(self, messages: Sequence[Message], seconds: float) -> list[Outcome]:
        """Publish and wait for every confirm, at most `seconds`.

        When the time runs out or the connection breaks, what was sent is `UNCONFIRMED` and the rest
        is `UNSENT`. The connection is then no longer usable, so that a late confirm cannot be mistaken
        for the next publish's. It is reset, so that what is still in our socket never arrives. After a
        nack it is not usable either: a channel that has once asked a queue's dead leader is nacked
        until that node is back. A broker that blocks publishers gets no more messages, because it
        would deliver them later.
        """
        assert self._channel is not None
        deadline = time.monotonic() + seconds
        if refusal := self._refusal(messages[0].exchange, seconds):
            return [refusal] * len(messages)
        pipeline = self._pipeline = Pipeline(messages, self._send)
        self._poll_until(partial(self._advance, pipeline), deadline - time.monotonic())
        if pipeline.waiting:
            self._lost = self._lost or self._blocked or f"no confirm within {seconds:g} s"
            # Without the exchange no message in flight could be routed, so none arrived.
            result = Result.UNROUTABLE if self._exchange_missing else Result.UNCONFIRMED
            pipeline.give_up(Outcome(result, str(self._lost)))
            self._reset()
        self._give_up_after(pipeline)
        self._pipeline = None
        self.used_at = time.monotonic()
        return pipeline.outcomes

    @property
    def proven(self) -> bool:
        """Whether the broker takes messages here, and has confirmed the one that was posted last."""
        return self.usable and self._blocked is None and self._posted is None

    def post(self, message: Message) -> None:
        """Publish one message and wait for nothing; `posted` tells its outcome. Only while `proven`."""
        self._posted = Pipeline([message], self._send)
        self._posted.fill()
        self.notice()  # pika writes to the socket only when its loop runs
        self.used_at = time.monotonic()

    def posted(self) -> Outcome | None:
        """The outcome of the message that was posted last, told once; None if it is not known yet."""
        posted = self._posted
        if posted is None or (posted.waiting and self.usable):
            return None
        if posted.waiting:
            posted.give_up(Outcome(Result.UNCONFIRMED, str(self._lost)))
        self._posted = None
        (outcome,) = posted.outcomes
        self._give_up_after(posted)
        return outcome

    def close(self) -> None:
        """Close the connection; waits only briefly for the broker's reply."""
        if (
            not self._connection.is_open
        ):  # a connection may have opened just after its time was over
            self._poll_until(lambda: self._connection.is_open or self._connection.is_closed, 0.2)
        if self._connection.is_open:
            self._connection.close()
        self._poll_until(lambda: bool(self._connection.is_closed), 0.2)
        if self._connection.is_closing:
            self._reset()
        self._lost = self._lost or "closed"
        self._loop.deactivate_poller()
        self._loop.close()

    def _reset(self) -> None:
        """End the connection at once, with a reset in place of a goodbye."""
        if not self._connection.is_closed:
            self._connection.abort()
            self._poll_until(lambda: bool(self._connection.is_closed), 0.2)

    @property
    def _ready(self) -> bool:
        return self._channel is not None and self._channel.is_open and self._confirming

    def _advance(self, pipeline: Pipeline) -> bool:
        """Send what may be sent now; returns whether there is nothing left to wait for."""
        if pipeline.ready:
            with self._connection.together():
                pipeline.fill()
        return not (pipeline.waiting and self.usable)

    def _give_up_after(self, pipeline: Pipeline) -> None:
        if any(outcome.result is Result.NACKED for outcome in pipeline.outcomes):
            self._lost = self._lost or "nacked: a new channel asks for the queue's leader again"

    def _refusal(self, exchange: str, seconds: float) -> Outcome | None:
        """Why nothing can be published now. Sends a probe if there was no recent confirm."""
        if self._blocked is None and time.monotonic() - self._confirmed_at > TRUSTED_SECONDS:
            self._probe(exchange)
            self._poll_until(self._settled, seconds)
            if not self._settled():
                self._lost = f"no confirm within {seconds:g} s"
        if self._blocked is None and self.usable:
            return None
        result = Result.UNROUTABLE if self._exchange_missing else Result.UNSENT
        return Outcome(result, str(self._blocked or self._lost))

    def _probe(self, exchange: str) -> None:
        assert self._channel is not None
        try:
            self._channel.basic_publish(exchange, "", b"")
            self._tag += 1
        except pika.exceptions.AMQPError as error:
            self._lost = self._lost or _reason(error)

    def _settled(self) -> bool:
        """Whether every message is answered, publishing is blocked, or the connection is lost."""
        answered = self._confirmed_tag == self._tag
        return answered or self._blocked is not None or self._lost is not None

    def _send(self, message: Message) -> int:
        """Publish one message and return its delivery tag."""
        assert self._channel is not None
        self._channel.basic_publish(
            message.exchange, message.routing_key, message.body, message.properties, mandatory=True
        )
        self._tag += 1
        return self._tag

    def _on_open(self, connection: SelectConnection) -> None:
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
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
        self._lost = self._lost or _reason(reason)
        if isinstance(reason, pika.exceptions.ChannelClosedByBroker) and reason.reply_code == 404:
            self._exchange_missing = True

    def _on_blocked(self, _connection: Any, frame: Any) -> None:
        self._blocked = f"connection blocked by the broker: {frame.method.reason}"
        if self._pipeline is not None:
            self._pipeline.hold(self._blocked)

    def _on_unblocked(self, _connection: Any, _frame: Any) -> None:
        self._blocked = None

    def _on_return(self, _channel: Any, method: Any, properties: Any, _body: Any) -> None:
        said = f"{method.reply_text}: {method.routing_key}"
        for pipeline in (self._pipeline, self._posted):
            if pipeline is not None:
                pipeline.returned(str(properties.message_id), method.routing_key, said)

    def _on_confirm(self, frame: Any) -> None:
        self._confirmed_at = time.monotonic()
        self._confirmed_tag = max(self._confirmed_tag, frame.method.delivery_tag)
        confirmed = isinstance(frame.method, pika.spec.Basic.Ack)
        if self._pipeline is not None:
            self._pipeline.answered(frame.method.delivery_tag, frame.method.multiple, confirmed)
        if self._posted is not None:
            self._posted.answered(frame.method.delivery_tag, frame.method.multiple, confirmed)

    def _poll_until(self, done: Callable[[], bool], seconds: float) -> None:
        """Let pika work until `done`, at most `seconds`."""
        deadline = time.monotonic() + seconds
        timer = self._loop.call_later(max(0.0, seconds), _nothing)  # wakes the loop
        while not done() and time.monotonic() < deadline:
            self._poll()
        self._loop.remove_timeout(timer)

    def _poll(self) -> None:
        """Run pika's loop once: wait for an event or for the next timer."""
        self._loop.poll()
        self._loop.process_timeouts()


class _Connection(SelectConnection):
    """Writes messages to the socket in larger pieces; pika alone writes each frame separately."""

    _held: bytearray | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send what the `with` block publishes in pieces of `_PIECE` bytes, the rest at its end."""
        self._held = bytearray()
        try:
            yield
        finally:
            held, self._held = self._held, None
            if held:
                super()._output_marshaled_frames([bytes(held)])  # type: ignore[misc]

    def _output_marshaled_frames(self, marshaled_frames: Sequence[bytes]) -> None:
        if self._held is None:
            super()._output_marshaled_frames([b"".join(marshaled_frames)])  # type: ignore[misc]
            return
        for frame in marshaled_frames:
            self._held += frame
        if len(self._held) >= _PIECE:
            super()._output_marshaled_frames([bytes(self._held)])  # type: ignore[misc]
            self._held.clear()

    def abort(self) -> None:
        """Close the socket with a reset, which drops what it has not sent yet.

        An orderly close would go on sending that for minutes after we gave it up.
        """
        sock = getattr(getattr(self, "_transport", None), "_sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._terminate_stream(  # type: ignore[attr-defined]  # the stubs leave it out
            pika.exceptions.StreamLostError("no answer to close")
        )


def _within(parameters: pika.URLParameters, seconds: float) -> pika.URLParameters:
    """The same parameters with less time for the handshake."""
    bounded = copy(parameters)
    bounded.socket_timeout = bounded.stack_timeout = seconds
    return bounded


def _reason(error: Any) -> str:
    """The broker's or the socket's reason, unwrapped from pika's exceptions."""
    while True:
        nested = getattr(error, "exceptions", None) or getattr(error, "args", None)
        inner = [cause for cause in nested or () if isinstance(cause, BaseException)]
        if not inner:
            return f"{type(error).__name__}: {error}"[:500]
        error = inner[-1]


def _nothing() -> None:
    """The callback of a timer that only wakes the loop."""
