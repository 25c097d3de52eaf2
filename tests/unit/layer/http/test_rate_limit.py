"""The limiter's arithmetic, with a Redis that says what the test wants."""

from __future__ import annotations

import pytest
import redis

from fintegrate.errors import TooManyRequests
from fintegrate.http.rate_limit import BUCKET, RateLimiter
from fintegrate.metrics import RATE_LIMITED
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections
from tests.unit.layer.redis import FakeRedis


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    fake = FakeRedis([1, b"499"])
    monkeypatch.setattr(redis, "ConnectionPool", fake)
    return fake


@pytest.fixture
def limiter(fake: FakeRedis) -> RateLimiter:
    assert fake
    connections = RedisConnections("redis://nowhere")
    metrics = Metrics(connections, [RATE_LIMITED], prefix="p", namespace="n", bounds={})
    return RateLimiter(connections, metrics, per_minute=50, burst=500)


def test_script_gets_bucket_rate_and_capacity(limiter: RateLimiter, fake: FakeRedis) -> None:
    limiter.take("the key")

    bucket = ("EVALSHA", BUCKET.digest, "1", "rate_limit:the key", str(50 / 60), "500", "1")
    assert fake.packets == [[bucket]]


def test_address_has_its_own_bucket(limiter: RateLimiter, fake: FakeRedis) -> None:
    fake.answer = [0, b"0"]

    with pytest.raises(TooManyRequests, match="for this address"):
        limiter.take_of_address("2001:db8::1")

    assert "rate_limit:address 2001:db8::/64" in fake.packets[0][0]


def test_token_asked_ahead_is_taken_once(limiter: RateLimiter, fake: FakeRedis) -> None:
    asked = limiter.ask("the key")

    assert limiter.take("the key", asked)["RateLimit-Remaining"] == "499"

    assert len(fake.sent) == 1


@pytest.mark.parametrize(
    ("tokens", "remaining", "reset"),
    [
        (b"499", "499", "2"),  # one token at 50 a minute takes 1.2 s
        (b"498.9999", "498", "2"),
        (b"500", "500", "0"),
        (b"0.5", "0", "600"),
        (b"0", "0", "600"),
    ],
)
def test_headers_are_whole_numbers(
    limiter: RateLimiter, fake: FakeRedis, tokens: bytes, remaining: str, reset: str
) -> None:
    fake.answer = [1, tokens]

    assert limiter.take("k") == {
        "RateLimit-Limit": "500",
        "RateLimit-Remaining": remaining,
        "RateLimit-Reset": reset,
    }


@pytest.mark.parametrize(
    ("tokens", "wait"), [(b"0", "2"), (b"0.5", "1"), (b"0.999999", "1"), (b"0.1", "2")]
)
def test_wait_is_never_zero(
    limiter: RateLimiter, fake: FakeRedis, tokens: bytes, wait: str
) -> None:
    fake.answer = [0, tokens]

    with pytest.raises(TooManyRequests) as refusal:
        limiter.take("k")

    assert refusal.value.headers["Retry-After"] == wait
    assert refusal.value.headers["RateLimit-Remaining"] == "0"
    assert refusal.value.description.endswith(f"try again in {wait} s")


def test_request_passes_while_redis_is_away(limiter: RateLimiter, fake: FakeRedis) -> None:
    fake.answer = redis.ConnectionError("no")

    assert limiter.take("k") == {}
