"""One thread's connection to Redis, on which a question may go ahead of its answer's reading.

redis-py's connection without its client and pool, which look for a free connection twice a command.
Leaves to others what is asked, and what it means that Redis is away. Imports redis when first used.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any


class RedisLine:
    """A connection that opens when first used, and again after it broke. Not thread-safe."""

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
        # A tenant's command is the same each time, and redis-py packs in Python.
        self._packed = lru_cache(1_000)(self._connection.pack_command)
        self._broken = (redis.ConnectionError, redis.TimeoutError)
        self._asked: tuple[object, ...] | None = None

    def ask(self, *command: object) -> None:
        """Send a command; `answer` with the same command reads what came of it.

        Raises:
            redis.RedisError: Redis is away.
        """
        if self._asked is not None:  # of a request that was refused in between: nobody wants it
            self._asked = None
            self._connection.read_response()
        self._connection.send_packed_command(self._packed(*command))
        self._asked = command

    def answer(self, *command: object) -> Any:
        """The answer to a command, which is sent now unless it was asked before.

        Tried a second time, without a pause: the connection may have died while the process was
        frozen.

        Raises:
            redis.RedisError: Redis is away, or refuses the command.
        """
        try:
            return self._exchange(command)
        except self._broken:
            return self._exchange(command)

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        self._asked = None
        self._connection.disconnect()

    def _exchange(self, command: tuple[object, ...]) -> Any:
        if self._asked != command:
            self.ask(*command)
        self._asked = None
        return self._connection.read_response()
