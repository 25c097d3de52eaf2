"""Connections to Redis, one per thread, and atomic scripts.

Uses redis-py's connection without its client and pool, which cost a request 65 µs more. Commands that
are sent together go in one packet and cost one round trip. After a failure Redis is not asked for a
while, so a Redis that hangs delays one request and not each. Any error closes every thread's connection:
the server that refuses may have become a replica, and the address may lead to another one by now.

Leaves to others which commands are sent, and what to do while Redis is away. Imports redis when first
used.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

log = logging.getLogger(__name__)


class Script:
    """A Lua script that uses one key. After Redis has seen the text, the digest is enough."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - Redis names them so

    def call(self, key: str, *arguments: str | float) -> ScriptCall:
        """Make a call of the script for a `Question`."""
        call = 1, key, *arguments
        return ScriptCall(self, call, _packed("EVALSHA", self.digest, *call))


class ScriptCall(NamedTuple):
    """A call of a script. It may be kept and sent many times."""

    script: Script
    arguments: tuple[str | float, ...]
    """The number of keys, the key, and what follows."""
    packed: bytes
    """The command that names the script by its digest."""

    def with_text(self) -> Packet:
        """The command that brings the script's text along."""
        return Packet(_packed("EVAL", self.script.text, *self.arguments), 1)


class Packet(NamedTuple):
    """Commands that go to Redis at once."""

    data: bytes
    commands: int
    """How many, and so how many answers come."""


class Question:
    """Scripts that go to Redis in one packet; the answer is the last one's.

    An answer is read for the very question that was asked, not for an equal one.
    """

    __slots__ = ("calls", "packet")

    def __init__(self, *calls: ScriptCall) -> None:
        self.calls = calls
        self.packet = Packet(b"".join([call.packed for call in calls]), len(calls))


class RedisConnections:
    """The connections of one process. After a failure Redis is not asked for `retry_seconds`."""

    def __init__(
        self,
        url: str,
        *,
        timeout_ms: int = 50,
        retry_seconds: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._timeout = timeout_ms / 1000
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._away_until = -math.inf
        self._warned_at = -math.inf
        self._failures = 0
        self._local = threading.local()

    def ask(self, question: Question) -> None:
        """Send a question whose answer `answer` reads later, in the same thread. Never raises.

        An answer that nobody reads is dropped before the next packet is sent.
        """
        if self._clock() >= self._away_until:
            with suppress(Exception):  # `answer` sends it again, and says what is wrong
                self._connection().ask(question.packet)

    def answer(self, question: Question) -> Any:
        """The answer to a question; None while Redis is away. Never raises.

        Sends the question, unless `ask` has just sent it. Its scripts may run twice: after a broken
        connection the packet is sent again.
        """
        import redis

        answer = next(reversed(self._answers(question)), None)
        if isinstance(answer, redis.RedisError):
            self._note_away(answer)
            return None
        return answer

    def send(self, calls: Sequence[ScriptCall]) -> None:
        """Run scripts whose answers are ignored, in one round trip. Never raises."""
        if calls:
            self._answers(Question(*calls))

    def ping(self) -> None:
        """Make one round trip to Redis.

        Raises:
            redis.RedisError: Redis is away.
        """
        self._connection().exchange(PING)

    def close(self) -> None:
        """Close this thread's connection; the next use opens one."""
        connection: RedisConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def _answers(self, question: Question) -> list[Any]:
        """The answer of each script, or its error; none while Redis is away."""
        if self._clock() < self._away_until:
            return []
        try:
            answers = self._exchanged(question)
        except Exception as error:
            self._note_away(error)
            return []
        for answer in answers:
            if isinstance(answer, Exception):
                self._failures += 1
                self._warn("Redis refused a command: %s", answer)
        return answers

    def _exchanged(self, question: Question) -> list[Any]:
        import redis

        connection = self._connection()
        answers = connection.exchange(question.packet)
        for index, answer in enumerate(answers):
            if isinstance(answer, redis.exceptions.NoScriptError):  # Redis has restarted
                (answers[index],) = connection.exchange(question.calls[index].with_text())
        return answers

    def _connection(self) -> RedisConnection:
        local = self._local
        connection: RedisConnection | None = getattr(local, "connection", None)
        if connection is None:
            local.connection = connection = RedisConnection(self._url, self._timeout)
            local.failures = self._failures
        elif local.failures != self._failures:
            connection.close()
            local.failures = self._failures
        return connection

    def _note_away(self, error: Exception) -> None:
        self._failures += 1
        self._away_until = self._clock() + self._retry_seconds
        self._warn("rate limits are off, Redis is away: %s", error)

    def _warn(self, text: str, error: Exception) -> None:
        """Log at most once a minute."""
        if self._clock() - self._warned_at >= 60:
            self._warned_at = self._clock()
            log.warning(text, type(error).__name__)


class RedisConnection:
    """A connection that opens on first use, and again after it broke. Not thread-safe."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._connection: Any = redis.ConnectionPool.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        ).make_connection()
        self._broken = (redis.ConnectionError, redis.TimeoutError)
        self._refused = redis.ResponseError
        self._asked = NOTHING
        """What was sent and not read yet."""

    def ask(self, packet: Packet) -> None:
        """Send a packet; `exchange` with the same object reads its answers.

        Answers that were not read before are dropped.

        Raises:
            redis.RedisError: Redis is away.
        """
        self._answers()
        self._send(packet)

    def exchange(self, packet: Packet) -> list[Any]:
        """Send a packet and return the answers; a refused command's is the error.

        What `ask` has just sent is not sent again. Tries a second time without a pause, because the
        connection may have died while the process was frozen.

        Raises:
            redis.RedisError: Redis is away.
        """
        try:
            if self._asked is not packet:
                self.ask(packet)
            return self._answers()
        except self._broken:
            self._send(packet)
            return self._answers()

    def close(self) -> None:
        """Close the connection; the next packet opens it again."""
        self._asked = NOTHING
        self._connection.disconnect()

    def _send(self, packet: Packet) -> None:
        self._asked = NOTHING
        self._connection.send_packed_command([packet.data])
        self._asked = packet

    def _answers(self) -> list[Any]:
        """The answers to what was sent, none if all were read."""
        asked, self._asked = self._asked, NOTHING
        return [self._read() for _ in range(asked.commands)]

    def _read(self) -> Any:
        try:
            return self._connection.read_response()
        except self._refused as error:
            return error


def _packed(*command: str | float) -> bytes:
    """Encode an array of bulk strings. redis-py's own encoding takes three times as long.

    Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
    """
    pieces = [b"*%d\r\n" % len(command)]
    for argument in command:
        text = str(argument).encode()
        pieces.append(b"$%d\r\n%s\r\n" % (len(text), text))
    return b"".join(pieces)


PING = Packet(_packed("PING"), 1)
NOTHING = Packet(b"", 0)
