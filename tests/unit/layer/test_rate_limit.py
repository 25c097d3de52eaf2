"""The limiter's arithmetic and its patience, with a Redis that says what the test wants."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
import redis

from fintegrate.errors import TooManyRequests
from fintegrate.rate_limit import RateLimiter
from tests.unit.layer.clock import Clock


class FakeRedis:
    """Stands where redis.Redis stands; `answer` is what the bucket's script says, or its error."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.calls: list[tuple[list[str], list[float]]] = []

    def from_url(self, *_args: object, **_options: object) -> FakeRedis:
        return self

    def register_script(self, _script: str) -> Any:
        return self.run

    def run(self, keys: list[str], args: list[float]) -> object:
        self.calls.append((keys, args))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    fake = FakeRedis([1, b"499"])
    monkeypatch.setattr(redis, "Redis", fake)
    return fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(fake: FakeRedis, clock: Clock) -> RateLimiter:
    return RateLimiter("redis://nowhere", per_minute=50, burst=500, clock=clock)


def test_script_gets_the_bucket_the_rate_and_the_capacity(
    limiter: RateLimiter, fake: FakeRedis
) -> None:
    limiter.take("the key")

    assert fake.calls == [(["rate_limit:the key"], [50 / 60, 500])]


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
def test_headers_are_whole_numbers_of_tokens_and_seconds(
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
def test_wait_is_until_the_next_token_and_never_zero(
    limiter: RateLimiter, fake: FakeRedis, tokens: bytes, wait: str
) -> None:
    fake.answer = [0, tokens]

    with pytest.raises(TooManyRequests) as refusal:
        limiter.take("k")

    assert refusal.value.headers["Retry-After"] == wait
    assert refusal.value.headers["RateLimit-Remaining"] == "0"
    assert refusal.value.description.endswith(f"try again in {wait} s")


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("no"),
        redis.TimeoutError("no"),
        redis.BusyLoadingError("no"),
        OSError(),
    ],
)
def test_redis_that_fails_lets_pass_and_is_left_alone_for_a_while(
    limiter: RateLimiter, fake: FakeRedis, clock: Clock, error: Exception
) -> None:
    fake.answer = error
    assert [limiter.take("k") for _ in range(10)] == [{}] * 10
    assert len(fake.calls) == 1

    clock.advance(10)
    limiter.take("k")

    assert len(fake.calls) == 2


def test_redis_that_is_back_counts_again(
    limiter: RateLimiter, fake: FakeRedis, clock: Clock
) -> None:
    fake.answer = redis.ConnectionError("no")
    limiter.take("k")
    fake.answer = [1, b"42"]
    clock.advance(10)

    assert limiter.take("k")["RateLimit-Remaining"] == "42"


def test_one_warning_a_minute_without_the_address(
    limiter: RateLimiter, fake: FakeRedis, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fake.answer = redis.ConnectionError("redis://:password@host")
    with caplog.at_level(logging.WARNING):
        for _ in range(12):
            limiter.take("k")
            clock.advance(10)

    assert [r.getMessage() for r in caplog.records] == [
        "rate limits are off, Redis is away: ConnectionError"
    ] * 2


def test_thread_that_comes_while_another_connects_is_counted_too(
    limiter: RateLimiter, fake: FakeRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first thread stands still between having a client and having its script."""
    connecting, go_on = threading.Event(), threading.Event()

    def slowly(_script: str) -> Any:
        if not connecting.is_set():
            connecting.set()
            assert go_on.wait(10)
        return fake.run

    monkeypatch.setattr(fake, "register_script", slowly)
    first = threading.Thread(target=limiter.take, args=["k"])
    first.start()
    assert connecting.wait(10)

    headers = limiter.take("k")

    go_on.set()
    first.join()
    assert headers["RateLimit-Remaining"] == "499"
