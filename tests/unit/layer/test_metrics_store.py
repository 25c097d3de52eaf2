"""When a process sends what it has counted, with a Redis that says what the test wants."""

from __future__ import annotations

import json

import pytest
import redis

from fintegrate.http.rate_limit import BUCKET, RateLimiter
from fintegrate.metrics import Counted
from fintegrate.metrics_store import ADD, SEND_SECONDS, Metrics
from fintegrate.redis_connection import RedisConnections
from tests.unit.layer.clock import Clock
from tests.unit.layer.redis import FakeRedis

LETTERS = Counted("letters_total", "Letters sent", ("sender", "kind"))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    fake = FakeRedis([1, b"499"])
    monkeypatch.setattr(redis, "ConnectionPool", fake)
    return fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connections(fake: FakeRedis, clock: Clock) -> RedisConnections:
    assert fake
    return RedisConnections("redis://nowhere", clock=clock)


@pytest.fixture
def metrics(connections: RedisConnections, clock: Clock) -> Metrics:
    return Metrics(
        connections,
        [LETTERS],
        prefix="post",
        namespace="mail",
        bounds={"sender": 100},
        clock=clock,
    )


@pytest.fixture
def limiter(connections: RedisConnections, metrics: Metrics) -> RateLimiter:
    return RateLimiter(connections, metrics, per_minute=50, burst=500)


def test_counts_ride_with_the_rate_limit(
    limiter: RateLimiter, metrics: Metrics, fake: FakeRedis
) -> None:
    for _ in range(3):
        metrics.count(LETTERS, "ann", "bill")

    assert limiter.take("k")["RateLimit-Remaining"] == "499"

    ((add, limit),) = fake.packets
    assert add[:4] == ("EVALSHA", ADD.digest, "1", "metrics:mail")
    assert json.loads(add[4]) == [[["sender", 100, "ann", {"letters_total\x1fbill\x1f": 3}]], {}]
    assert limit[:2] == ("EVALSHA", BUCKET.digest)


def test_counts_are_sent_once(limiter: RateLimiter, metrics: Metrics, fake: FakeRedis) -> None:
    metrics.count(LETTERS, "ann", "bill")
    limiter.take("k")
    limiter.take("k")
    metrics.flush()

    assert [len(packet) for packet in fake.packets] == [2, 1]


def test_counts_gather_under_load(
    limiter: RateLimiter, metrics: Metrics, clock: Clock, fake: FakeRedis
) -> None:
    for _ in range(3):
        metrics.count(LETTERS, "ann", "bill")
        limiter.take("k")
    clock.advance(SEND_SECONDS)
    limiter.take("k")

    assert [len(packet) for packet in fake.packets] == [2, 1, 1, 2]
    assert json.loads(fake.packets[3][0][4])[0][0][3] == {"letters_total\x1fbill\x1f": 2}


def test_flush_skips_sent_counts(
    limiter: RateLimiter, metrics: Metrics, clock: Clock, fake: FakeRedis
) -> None:
    began = clock()
    limiter.take("k")
    metrics.count(LETTERS, "ann", "bill")
    metrics.flush_due(since=began)
    assert len(fake.packets) == 1

    clock.advance(1)
    metrics.flush_due(since=clock())

    assert [command[1] for command in fake.packets[1]] == [ADD.digest]


def test_flush_without_counts_asks_nothing(metrics: Metrics, fake: FakeRedis) -> None:
    metrics.flush()

    assert fake.packets == []


def test_redis_outage_loses_counts(
    limiter: RateLimiter, metrics: Metrics, fake: FakeRedis, clock: Clock
) -> None:
    fake.answer = redis.ConnectionError("no")
    metrics.count(LETTERS, "ann", "bill")
    assert limiter.take("k") == {}
    metrics.count(LETTERS, "ann", "bill")
    metrics.flush()
    tried = len(fake.packets)

    fake.answer = [1, b"499"]
    clock.advance(10)
    limiter.take("k")

    assert tried == 2  # the connection was tried twice, the flush not at all
    assert [len(packet) for packet in fake.packets[tried:]] == [1]


def test_refused_count_keeps_the_limits(
    limiter: RateLimiter, metrics: Metrics, fake: FakeRedis
) -> None:
    """Redis is there, so a count that it refuses is no reason to let every request pass."""
    fake.answers = [redis.ResponseError("WRONGTYPE")]
    metrics.count(LETTERS, "ann", "bill")
    metrics.flush()

    assert limiter.take("k")["RateLimit-Remaining"] == "499"


def test_label_stays_in_its_field(metrics: Metrics) -> None:
    metrics.count(LETTERS, "a\x1fb", "c\x1fd")

    (call,) = metrics.pending()
    assert json.loads(str(call.arguments[-1]))[0] == [
        ["sender", 100, "a b", {"letters_total\x1fc d\x1f": 1}]
    ]


def test_process_is_counted_once(connections: RedisConnections) -> None:
    from fintegrate.metrics import OF_THE_LAYER

    metrics = Metrics(connections, OF_THE_LAYER, prefix="post", namespace="mail", bounds={})
    for function in ("api", "api", "sweep"):
        metrics.began_with(function)

    (call,) = metrics.pending()
    assert json.loads(str(call.arguments[-1]))[0] == [
        ["", 0, "", {"cold_starts_total\x1fapi\x1f": 1}]
    ]


@pytest.mark.parametrize("is_set", [False, True])
def test_too_many_bounds_are_refused(connections: RedisConnections, is_set: bool) -> None:
    wrong = Counted("wrong", "", ("a",) if is_set else ("a", "b"), is_set=is_set)

    with pytest.raises(ValueError, match="too many labels with a bound"):
        Metrics(connections, [wrong], prefix="p", namespace="n", bounds={"a": 2, "b": 2})
