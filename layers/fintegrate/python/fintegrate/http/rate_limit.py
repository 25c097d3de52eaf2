"""A token bucket per subject (an API key) in Redis: one round trip, beside others; open without Redis.

The script runs in Redis, on its clock, so that all processes share one bucket and one time.
Headers: draft-ietf-httpapi-ratelimit-headers (`RateLimit-Limit`, `-Remaining`, `-Reset`).
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from fintegrate.errors import TooManyRequests
from fintegrate.http.redis_line import RedisLine

log = logging.getLogger(__name__)

# KEYS[1] the bucket; ARGV refill per second, capacity. Answers {allowed, tokens left}, the latter as
# text because Redis truncates numbers. The bucket expires when it would be full again.
BUCKET_SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate)
local allowed = 0
if tokens >= 1 then
  tokens = tokens - 1
  allowed = 1
end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('EXPIRE', KEYS[1], math.ceil((capacity - tokens) / rate) + 1)
return {allowed, tostring(tokens)}
"""
SCRIPT_ID = hashlib.sha1(BUCKET_SCRIPT.encode()).hexdigest()  # noqa: S324 - Redis names them so


class RateLimiter:
    """`per_minute` requests refill a bucket of `burst`; `retry_seconds` spares a Redis that failed.

    `subject` is what a refusal calls the one whose bucket is empty.
    """

    def __init__(
        self,
        url: str,
        *,
        per_minute: int,
        burst: int,
        timeout_ms: int = 50,
        retry_seconds: float = 10,
        subject: str = "API key",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._subject = subject
        self._url = url
        self._per_minute = per_minute
        self._burst = burst
        self._timeout = timeout_ms / 1000
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._away_until = -math.inf
        self._warned_at = -math.inf
        self._local = threading.local()

    def ask_ahead(self, subject: str) -> None:
        """Send what `take` will ask for, so that its answer is on its way meanwhile. Never raises.

        When `take` is not called after all, a token is spent.
        """
        if self._clock() >= self._away_until:
            with suppress(Exception):  # `take` finds out again, and says so
                self._line().ask("EVALSHA", SCRIPT_ID, *self._arguments(subject))

    def take(self, subject: str) -> dict[str, str]:
        """Take one token of the subject's bucket; the `RateLimit-*` headers, none if unknown.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        if self._clock() < self._away_until:
            return {}
        try:
            allowed, tokens = self._ask(subject)
        except Exception as error:
            self._note_away(error)
            return {}
        rate = self._per_minute / 60
        headers = {
            "RateLimit-Limit": str(self._burst),
            "RateLimit-Remaining": str(int(tokens)),
            "RateLimit-Reset": str(math.ceil((self._burst - tokens) / rate)),
        }
        if allowed:
            return headers
        wait = max(1, math.ceil((1 - tokens) / rate))
        raise TooManyRequests(
            f"Rate limit of {self._per_minute} requests a minute reached for this {self._subject}; "
            f"try again in {wait} s",
            wait,
            headers,
        )

    def ping(self) -> None:
        """One round trip to Redis.

        Raises:
            redis.RedisError: Redis is away.
        """
        self._line().answer("PING")

    def close(self) -> None:
        """Close this thread's connection; the next request opens one."""
        line: RedisLine | None = getattr(self._local, "line", None)
        if line is not None:
            line.close()

    def _ask(self, subject: str) -> tuple[bool, float]:
        import redis

        line, arguments = self._line(), self._arguments(subject)
        try:
            allowed, tokens = line.answer("EVALSHA", SCRIPT_ID, *arguments)
        except redis.exceptions.NoScriptError:  # a Redis that is new, or was restarted
            allowed, tokens = line.answer("EVAL", BUCKET_SCRIPT, *arguments)
        return bool(allowed), float(tokens)

    def _arguments(self, subject: str) -> tuple[int, str, float, int]:
        return 1, f"rate_limit:{subject}", self._per_minute / 60, self._burst

    def _line(self) -> RedisLine:
        line: RedisLine | None = getattr(self._local, "line", None)
        if line is None:
            self._local.line = line = RedisLine(self._url, self._timeout)
        return line

    def _note_away(self, error: Exception) -> None:
        now = self._clock()
        self._away_until = now + self._retry_seconds
        if now - self._warned_at >= 60:
            self._warned_at = now
            log.warning("rate limits are off, Redis is away: %s", type(error).__name__)
