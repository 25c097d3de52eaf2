"""Connections to Redis: what goes in one packet, and their patience with a Redis that fails."""

from __future__ import annotations

import logging

import pytest
import redis

from fintegrate.redis_connection import Question, RedisConnections, Script
from tests.unit.layer.clock import Clock
from tests.unit.layer.redis import FakeRedis

ONE, TWO = Script("return 1"), Script("return 2")
FIRST, LAST = ONE.call("a", 7, "ü\r\n"), TWO.call("b")
BOTH = [("EVALSHA", ONE.digest, "1", "a", "7", "ü\r\n"), ("EVALSHA", TWO.digest, "1", "b")]
WITH_TEXT = [("EVAL", "return 1", "1", "a", "7", "ü\r\n"), ("EVAL", "return 2", "1", "b")]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    fake = FakeRedis(b"its answer")
    monkeypatch.setattr(redis, "ConnectionPool", fake)
    return fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connections(fake: FakeRedis, clock: Clock) -> RedisConnections:
    assert fake
    return RedisConnections("redis://nowhere", clock=clock)


def test_scripts_go_in_one_packet(connections: RedisConnections, fake: FakeRedis) -> None:
    fake.answers = [b"counts for nothing", b"the answer"]

    assert connections.answer(Question(FIRST, LAST)) == b"the answer"

    assert fake.packets == [BOTH]


def test_asked_question_is_sent_once(connections: RedisConnections, fake: FakeRedis) -> None:
    question = Question(FIRST, LAST)
    connections.ask(question)
    assert len(fake.packets) == 1
    fake.answers = [b"counts for nothing", b"the answer"]

    assert connections.answer(question) == b"the answer"

    assert len(fake.packets) == 1


def test_unread_answer_is_nobody_elses(connections: RedisConnections, fake: FakeRedis) -> None:
    fake.answers = [b"unread", b"unread", b"the answer"]
    connections.ask(Question(FIRST, LAST))

    assert connections.answer(Question(FIRST)) == b"the answer"


def test_equal_question_gets_its_own_answer(connections: RedisConnections, fake: FakeRedis) -> None:
    fake.answers = [b"unread", b"the answer"]
    connections.ask(Question(LAST))

    assert connections.answer(Question(LAST)) == b"the answer"


def test_refused_unread_question_is_dropped(connections: RedisConnections, fake: FakeRedis) -> None:
    fake.answers = [redis.exceptions.NoScriptError(), b"the answer"]
    connections.ask(Question(FIRST))

    assert connections.answer(Question(LAST)) == b"the answer"


def test_question_lost_underway_is_repeated(connections: RedisConnections, fake: FakeRedis) -> None:
    question = Question(FIRST, LAST)
    connections.ask(question)
    fake.answers = [redis.ConnectionError("reset")]

    assert connections.answer(question) == b"its answer"

    assert fake.packets == [BOTH] * 2


def test_closed_connection_forgets_the_question(
    connections: RedisConnections, fake: FakeRedis
) -> None:
    question = Question(LAST)
    connections.ask(question)
    connections.close()

    assert connections.answer(question) == b"its answer"

    assert len(fake.packets) == 2


def test_nothing_is_asked_of_absent_redis(connections: RedisConnections, fake: FakeRedis) -> None:
    fake.answer = redis.ConnectionError("no")
    connections.answer(Question(LAST))
    tried = len(fake.packets)

    connections.ask(Question(LAST))

    assert len(fake.packets) == tried


@pytest.mark.parametrize("unknown", [0, 1])
def test_unknown_script_is_sent_whole(
    connections: RedisConnections, fake: FakeRedis, unknown: int
) -> None:
    fake.answers = [b"done", b"done"]
    fake.answers[unknown] = redis.exceptions.NoScriptError()

    connections.answer(Question(FIRST, LAST))

    assert fake.packets[1:] == [[WITH_TEXT[unknown]]]


def test_refused_companion_changes_no_answer(
    connections: RedisConnections, fake: FakeRedis
) -> None:
    fake.answers = [redis.ResponseError("WRONGTYPE"), b"the answer"]

    assert connections.answer(Question(FIRST, LAST)) == b"the answer"


def test_broken_connection_is_tried_once_more(
    connections: RedisConnections, fake: FakeRedis
) -> None:
    fake.answers = [redis.ConnectionError("reset")]

    assert connections.answer(Question(LAST)) == b"its answer"


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("no"),
        redis.TimeoutError("no"),
        redis.BusyLoadingError("no"),
        redis.ResponseError("READONLY"),
        OSError(),
    ],
)
def test_failing_redis_is_left_alone(
    connections: RedisConnections, fake: FakeRedis, clock: Clock, error: Exception
) -> None:
    fake.answer = error
    assert [connections.answer(Question(LAST)) for _ in range(10)] == [None] * 10
    tried = len(fake.packets)
    assert tried <= 2  # a second time at once, in case only the connection was dead

    clock.advance(10)
    connections.answer(Question(LAST))

    assert len(fake.packets) == 2 * tried


def test_redis_is_asked_again_later(
    connections: RedisConnections, fake: FakeRedis, clock: Clock
) -> None:
    fake.answer = redis.ConnectionError("no")
    connections.answer(Question(LAST))
    fake.answer = b"42"
    clock.advance(10)

    assert connections.answer(Question(LAST)) == b"42"


def test_warnings_are_rare_without_address(
    connections: RedisConnections,
    fake: FakeRedis,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake.answer = redis.ConnectionError("redis://:password@host")
    with caplog.at_level(logging.WARNING):
        for _ in range(12):
            connections.answer(Question(LAST))
            clock.advance(10)

    assert [r.getMessage() for r in caplog.records] == [
        "rate limits are off, Redis is away: ConnectionError"
    ] * 2
