"""Connections to Redis, one per thread, and atomic scripts.

Uses redis-py's connection without its client and pool, which cost a request 65 µs more. Commands that
are sent together go in one packet and cost one round trip. After a failure Redis is not asked for a
while, so a Redis that hangs delays one request and not each.

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
from typing import Any, NamedTuple

log = logging.getLogger(__name__)


class Script:
    """A Lua script that uses one key. After Redis has seen the text, the digest is enough."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - Redis names them so

    def call(self, key: str, *arguments: str | float) -> ScriptCall:
        """Make a call of the script for `RedisConnections.run`."""
        return ScriptCall(self, key, arguments)


class ScriptCall(NamedTuple):
    """A call of a script with its key and arguments."""

    script: Script
    key: str
    arguments: tuple[str | float, ...]

    def command(self, *, whole: bool = False) -> tuple[str | float, ...]:
        """The command to Redis: by the script's digest, or with its text."""
        name = ("EVAL", self.script.text) if whole else ("EVALSHA", self.script.digest)
        return *name, 1, self.key, *self.arguments


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
        self._local = threading.local()

    def run(self, call: ScriptCall, before: Sequence[ScriptCall] = ()) -> Any:
        """Run a script and return its answer; None while Redis is away. Never raises.

        The scripts of `before` run first, in the same round trip, and their answers are ignored. All
        scripts may run twice: after a broken connection the packet is sent again.
        """
        import redis

        answer = next(reversed(self._answers((*before, call))), None)
        if isinstance(answer, redis.RedisError):
            self._note_away(answer)
            return None
        return answer

    def send(self, calls: Sequence[ScriptCall]) -> None:
        """Run scripts whose answers are ignored, in one round trip. Never raises."""
        if calls:
            self._answers(calls)

    def ping(self) -> None:
        """Make one round trip to Redis.

        Raises:
            redis.RedisError: Redis is away.
        """
        self._connection().exchange([("PING",)])

    def close(self) -> None:
        """Close this thread's connection; the next use opens one."""
        connection: RedisConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def _answers(self, calls: Sequence[ScriptCall]) -> list[Any]:
        """The answer of each script, or its error; none while Redis is away."""
        if self._clock() < self._away_until:
            return []
        try:
            answers = self._exchanged(calls)
        except Exception as error:
            self._note_away(error)
            return []
        for answer in answers:
            if isinstance(answer, Exception):
                self._warn("Redis refused a command: %s", answer)
        return answers

    def _exchanged(self, calls: Sequence[ScriptCall]) -> list[Any]:
        import redis

        connection = self._connection()
        answers = connection.exchange([call.command() for call in calls])
        for index, answer in enumerate(answers):
            if isinstance(answer, redis.exceptions.NoScriptError):  # Redis has restarted
                (answers[index],) = connection.exchange([calls[index].command(whole=True)])
        return answers

    def _connection(self) -> RedisConnection:
        connection: RedisConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._local.connection = connection = RedisConnection(self._url, self._timeout)
        return connection

    def _note_away(self, error: Exception) -> None:
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

    def exchange(self, commands: Sequence[tuple[str | float, ...]]) -> list[Any]:
        """Send commands in one packet and return their answers; a refused command's is the error.

        Tries a second time without a pause, because the connection may have died while the process was
        frozen.

        Raises:
            redis.RedisError: Redis is away.
        """
        packet = b"".join(map(_packed, commands))
        try:
            return self._exchange(packet, len(commands))
        except self._broken:
            return self._exchange(packet, len(commands))

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        self._connection.disconnect()

    def _exchange(self, packet: bytes, answers: int) -> list[Any]:
        self._connection.send_packed_command([packet])
        return [self._read() for _ in range(answers)]

    def _read(self) -> Any:
        try:
            return self._connection.read_response()
        except self._refused as error:
            return error


def _packed(command: tuple[str | float, ...]) -> bytes:
    """Encode an array of bulk strings. redis-py's own encoding takes three times as long.

    Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
    """
    pieces = [b"*%d\r\n" % len(command)]
    for argument in command:
        text = str(argument).encode()
        pieces.append(b"$%d\r\n%s\r\n" % (len(text), text))
    return b"".join(pieces)
