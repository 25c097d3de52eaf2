"""The limiter's arithmetic and its patience, with a Redis that says what the test wants."""

from __future__ import annotations

import logging

import pytest
import redis

from fintegrate.errors import TooManyRequests
from fintegrate.http.rate_limit import BUCKET_SCRIPT, SCRIPT_ID, RateLimiter
from tests.unit.layer.clock import Clock


class FakeRedis:
    """Stands where redis-py's connection stands; `answer` is what the script says, or its error.

    Answers what was sent in the order in which it was sent, as Redis does.
    """

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.sent: list[tuple[object, ...]] = []
        self._answers: list[object] = []

    def from_url(self, *_args: object, **_options: object) -> FakeRedis:
        return self

    def make_connection(self) -> FakeRedis:
        return self

    def pack_command(self, *command: object) -> tuple[object, ...]:
        return command

    def send_packed_command(self, command: tuple[object, ...]) -> None:
        self.sent.append(command)
        self._answers.append(self.answer)

    def read_response(self) -> object:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def disconnect(self) -> None:
        self._answers.clear()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    fake = FakeRedis([1, b"499"])
    monkeypatch.setattr(redis, "ConnectionPool", fake)
    return fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(fake: FakeRedis, clock: Clock) -> RateLimiter:
    return RateLimiter("redis://nowhere", per_minute=50, burst=500, clock=clock)


def asked(subject: str) -> tuple[object, ...]:
    return "EVALSHA", SCRIPT_ID, 1, f"rate_limit:{subject}", 50 / 60, 500


def test_script_gets_the_bucket_the_rate_and_the_capacity(
    limiter: RateLimiter, fake: FakeRedis
) -> None:
    limiter.take("the key")

    assert fake.sent == [asked("the key")]


def test_script_that_redis_does_not_know_is_sent_whole(
    limiter: RateLimiter, fake: FakeRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_response() -> object:
        if fake.sent[-1][0] == "EVALSHA":
            raise redis.exceptions.NoScriptError
        return [1, b"42"]

    monkeypatch.setattr(fake, "read_response", read_response)

    assert limiter.take("k")["RateLimit-Remaining"] == "42"
    assert fake.sent[-1][:2] == ("EVAL", BUCKET_SCRIPT)


def test_what_was_asked_ahead_is_not_asked_again(limiter: RateLimiter, fake: FakeRedis) -> None:
    limiter.ask_ahead("k")
    assert fake.sent == [asked("k")]

    assert limiter.take("k")["RateLimit-Remaining"] == "499"

    assert fake.sent == [asked("k")]


def test_answer_that_nobody_took_is_not_taken_for_the_next(
    limiter: RateLimiter, fake: FakeRedis
) -> None:
    limiter.ask_ahead("refused")
    fake.answer = [1, b"7"]
    limiter.ask_ahead("k")

    assert limiter.take("k")["RateLimit-Remaining"] == "7"


def test_connection_that_broke_after_asking_ahead_is_replaced(
    limiter: RateLimiter, fake: FakeRedis
) -> None:
    fake.answer = redis.ConnectionError("reset")
    limiter.ask_ahead("k")
    fake.answer = [1, b"7"]

    assert limiter.take("k")["RateLimit-Remaining"] == "7"


def test_asking_ahead_never_raises(
    limiter: RateLimiter, fake: FakeRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send_command(*_command: object) -> None:
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(fake, "send_packed_command", send_command)

    limiter.ask_ahead("k")

    assert limiter.take("k") == {}


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
    tried = len(fake.sent)
    assert tried <= 2  # a second time at once, in case only the connection was dead

    limiter.ask_ahead("k")
    assert len(fake.sent) == tried

    clock.advance(10)
    limiter.take("k")

    assert len(fake.sent) == 2 * tried


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
