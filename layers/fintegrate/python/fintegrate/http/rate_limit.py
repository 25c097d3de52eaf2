"""A token bucket per subject (a key, a user) in Redis: one round trip. Without Redis there is no limit.

A caller that expects to need a token can ask first and take the token later, so that the round trip
passes meanwhile.

The process's pending metrics are sent in the same packet (`fintegrate.metrics_store`).

The script runs in Redis, on its clock, so that all processes share one bucket and one time.
Headers: draft-ietf-httpapi-ratelimit-headers (`RateLimit-Limit`, `-Remaining`, `-Reset`).
"""

from __future__ import annotations

import math
from functools import lru_cache

from fintegrate.errors import TooManyRequests
from fintegrate.metrics import RATE_LIMITED
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import Question, RedisConnections, Script, ScriptCall

# The key is the bucket; ARGV: refill per second, capacity, cost (1). Returns {allowed, tokens left}. The
# second is text, because Redis truncates numbers. The bucket expires when it would be full again.
BUCKET = Script("""
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, capacity, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3] or 1)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate)
local allowed = 0
if tokens >= cost then
  tokens = tokens - cost
  allowed = 1
end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('EXPIRE', KEYS[1], math.ceil((capacity - tokens) / rate) + 1)
return {allowed, tostring(tokens)}
""")


class RateLimiter:
    """A bucket holds `burst` tokens and gets `per_minute` new ones.

    `subject` names the bucket's owner in a refusal, such as "API key". `layer` is the label under
    which refusals are counted. `kind` begins the names of the buckets in Redis: systems that share a
    Redis and may have callers of one name need different ones.
    """

    def __init__(
        self,
        redis: RedisConnections,
        metrics: Metrics,
        *,
        per_minute: int,
        burst: int,
        subject: str = "API key",
        layer: str = "api_key",
        kind: str = "rate_limit",
    ) -> None:
        self._redis = redis
        self._metrics = metrics
        self._layer = layer
        self._subject = subject
        self._kind = kind
        self._per_minute = per_minute
        self._burst = burst
        self._bucket = lru_cache(1_000)(self._bucket_of)

    def ask(self, subject: str) -> Question:
        """Send what `take` asks, so that Redis answers while the caller does something else.

        Spends a token even if `take` is not called.
        """
        question = self._question(subject)
        self._redis.ask(question)
        return question

    def take(self, subject: str, asked: Question | None = None, cost: int = 1) -> dict[str, str]:
        """Take tokens; returns the `RateLimit-*` headers, or none while Redis is away.

        `asked` is what `ask` returned for this subject; that asks for one token.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        return self._take(asked or self._question(subject, cost), cost, self._subject)

    def take_of_address(self, address: str) -> dict[str, str]:
        """Take a token of the bucket that an address has, for a caller of whom nothing else is known.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        return self._take(self._question(f"address {network_of(address)}", 1), 1, "address")

    def _take(self, question: Question, cost: int, subject: str) -> dict[str, str]:
        answer = self._redis.answer(question)
        if answer is None:
            return {}
        rate = self._per_minute / 60
        allowed, tokens = bool(answer[0]), float(answer[1])
        headers = {
            "RateLimit-Limit": str(self._burst),
            "RateLimit-Remaining": str(int(tokens)),
            "RateLimit-Reset": str(math.ceil((self._burst - tokens) / rate)),
        }
        if allowed:
            return headers
        self._metrics.count(RATE_LIMITED, self._layer)
        wait = max(1, math.ceil((cost - tokens) / rate))
        raise TooManyRequests(
            f"Rate limit of {self._per_minute} requests a minute reached for this {subject}; "
            f"try again in {wait} s",
            wait,
            headers,
        )

    def _question(self, subject: str, cost: int = 1) -> Question:
        return Question(*self._metrics.due(), self._bucket(subject, cost))

    def _bucket_of(self, subject: str, cost: int) -> ScriptCall:
        return BUCKET.call(f"{self._kind}:{subject}", self._per_minute / 60, self._burst, cost)


def network_of(address: str) -> str:
    """What one caller may have of addresses: of IPv6 the whole network of 64 bits (RFC 6177)."""
    if ":" not in address:
        return address
    import ipaddress

    try:
        own = ipaddress.IPv6Address(address)
    except ValueError:
        return "unknown"
    if own.ipv4_mapped is not None:
        return str(own.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(own) >> 64 << 64, 64)))
