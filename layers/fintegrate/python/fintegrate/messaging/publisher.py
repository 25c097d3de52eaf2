"""Publishing from a function: one connection per thread, kept, checked and replaced.

A connection may be dead when a frozen process wakes. Before each publish the publisher reads what has
arrived, such as a close or a reset. After a long idle time it also makes a round trip to the broker.
Only then does it send a message, so a dead connection costs a reconnect, and neither a message nor a
duplicate. While the circuit breaker is open the publisher tries nothing.

Leaves to others what is published, to which exchange, and what an outcome means for a row.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import pika

from fintegrate.breaker import CircuitBreaker
from fintegrate.messaging.broker import BrokerConnection, BrokerUnavailable
from fintegrate.messaging.message import Message
from fintegrate.outcome import Outcome, Result
from fintegrate.settings import SettingsError

BREAKER_OPEN = "circuit breaker open: the broker failed repeatedly and is left alone for now"
IDLE_SECONDS = 30
"""A connection idle for longer is checked by a round trip before its next use."""
CHECK_SECONDS = 0.3
LINE_SECONDS = 5
"""How long the kernel tries to deliver to a broker that does not acknowledge, also for a process that
has died. A message that was given up cannot arrive later than this over a broken line."""
HEARTBEAT_SECONDS = 60
"""Lets the broker drop the connection of a process that stays frozen."""


class Posted(NamedTuple):
    """What is known after a message was posted.

    Attributes:
        before: the outcome of the one before, if nobody has been told it yet
        now: the outcome of this one, None if it was not waited for
    """

    before: Outcome | None
    now: Outcome | None


class Publisher:
    """The publisher of one process; its threads share `breaker`.

    An error about the URL names the variable `setting`.

    Raises:
        SettingsError: the URL cannot be read; its text is not repeated.
    """

    def __init__(self, url: str, breaker: CircuitBreaker, setting: str = "RABBITMQ_URL") -> None:
        self._parameters = parameters_of(url, setting)
        self._local = threading.local()
        self.breaker = breaker

    def publish(self, messages: Sequence[Message], seconds: float) -> list[Outcome]:
        """Publish within `seconds`; returns the outcomes in the order of the messages.

        Does not raise when the broker is away: every outcome is then `UNSENT`, with the reason.
        """
        if not messages:
            return []
        if not self.breaker.allow():
            return [Outcome(Result.UNSENT, BREAKER_OPEN)] * len(messages)
        deadline = time.monotonic() + seconds
        try:
            connection = self._usable_connection(deadline)
        except BrokerUnavailable as error:
            self.breaker.failed()
            return [Outcome(Result.UNSENT, f"broker away: {error}")] * len(messages)
        outcomes = connection.publish(messages, max(0.05, deadline - time.monotonic()))
        self._report(outcomes)
        return outcomes

    def post(self, message: Message, seconds: float) -> Posted:
        """Publish a message whose loss does little harm: without waiting, where that is safe.

        Waits as `publish` does where the connection is new or idle, where the broker has not confirmed
        the message before, and where the breaker is not closed. So of the messages that are lost with a
        connection at most one was not waited for. What became of it, the next call says in this thread.
        """
        connection = self._kept
        if connection is not None:
            connection.notice()
        before = self._posted_before()
        delivered = before is None or before.result is Result.CONFIRMED
        if connection is not None and delivered and self._proven(connection):
            connection.post(message)
            return Posted(before, None)
        (now,) = self.publish([message], seconds)
        return Posted(before or self._posted_before(), now)

    def ping(self, seconds: float) -> None:
        """Ask whether the broker takes messages, on a new connection if there is none.

        Raises:
            BrokerUnavailable: it takes none, or there was no answer within `seconds`.
        """
        deadline = time.monotonic() + seconds
        connection = self._usable_connection(deadline)
        refusal = connection.refusal(max(0.05, deadline - time.monotonic()))
        if refusal is not None:
            self.close()
            raise BrokerUnavailable(refusal)

    def close(self) -> None:
        """Close this thread's connection; the next publish opens another."""
        connection = self._kept
        self._local.connection = None
        if connection is not None:
            connection.close()
            self._local.posted = connection.posted() or getattr(self._local, "posted", None)

    @property
    def _kept(self) -> BrokerConnection | None:
        """This thread's connection, whatever its state."""
        return getattr(self._local, "connection", None)

    def _posted_before(self) -> Outcome | None:
        """What became of the posted message, told once, also if its connection is closed by now."""
        outcome: Outcome | None = getattr(self._local, "posted", None)
        self._local.posted = None
        if outcome is None and self._kept is not None:
            outcome = self._kept.posted()
        if outcome is not None:
            self._report([outcome])
        return outcome

    def _proven(self, connection: BrokerConnection) -> bool:
        idle = time.monotonic() - connection.used_at
        return connection.proven and idle < IDLE_SECONDS and self.breaker.state == "closed"

    def _usable_connection(self, deadline: float) -> BrokerConnection:
        connection = self._kept
        if connection is not None and self._alive(connection):
            return connection
        self.close()
        self._local.connection = connection = BrokerConnection(
            self._parameters, max(0.05, deadline - time.monotonic())
        )
        return connection

    @staticmethod
    def _alive(connection: BrokerConnection) -> bool:
        if not connection.notice():
            return False
        idle = time.monotonic() - connection.used_at
        return idle < IDLE_SECONDS or connection.check(CHECK_SECONDS)

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        """Tell the breaker: any answer means success, silence or a block means failure."""
        if any(outcome.result in {Result.UNCONFIRMED, Result.UNSENT} for outcome in outcomes):
            self.breaker.failed()
        else:
            self.breaker.succeeded()


def parameters_of(url: str, setting: str = "RABBITMQ_URL") -> pika.URLParameters:
    """How to connect for publishing.

    Raises:
        SettingsError: the URL cannot be read; its text is not repeated.
    """
    try:
        parameters = pika.URLParameters(url)
    except Exception:  # of any kind: its text may show a part of the password
        raise SettingsError(
            f"{setting} cannot be read; percent-encode its user and password"
        ) from None
    parameters.heartbeat = HEARTBEAT_SECONDS
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # macOS has none
        parameters.tcp_options = {"TCP_USER_TIMEOUT": LINE_SECONDS * 1000}
    parameters.connection_attempts = 1
    parameters.socket_timeout = 5
    parameters.stack_timeout = 10
    return parameters
