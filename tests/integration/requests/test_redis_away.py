"""Requests while Redis is away: they pass, one warning a minute, and it is not asked each time."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from chalicelib.banking.wiring import Parts
from fintegrate.redis_connection import ScriptCall
from local.services.service import Service
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with

WARNING = "rate limits are off, Redis is away: "


@pytest.fixture
def asked(at_own_redis: Parts, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What Redis was really asked."""
    calls: list[object] = []
    connections = at_own_redis.redis
    real = connections._exchanged

    def counted(asked: Sequence[ScriptCall]) -> object:
        calls.append(asked)
        return real(asked)

    monkeypatch.setattr(connections, "_exchanged", counted)
    return calls


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(at_own_redis: Parts, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(at_own_redis.redis, "_clock", clock)
    return clock


def ask(bank: Bank) -> Reply:
    return bank.api.get("/customer/list")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.getMessage().startswith(WARNING)
    ]


def test_requests_pass_while_redis_is_away(
    bank: Bank, own_redis: Service, asked: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    assert "RateLimit-Remaining" in ask(bank).headers
    asked.clear()
    own_redis.stop()

    replies = [ask(bank) for _ in range(20)]

    assert {reply.status for reply in replies} == {200}
    assert all("RateLimit-Remaining" not in reply.headers for reply in replies)
    assert len(asked) == 1  # found out once; after that a dead Redis costs nothing
    assert len(warnings(caplog)) == 1


def test_warning_comes_once_a_minute(
    bank: Bank,
    own_redis: Service,
    asked: list[object],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    own_redis.stop()
    for _ in range(6):  # Redis is tried again every ten seconds
        ask(bank)
        clock.now += 10.5
    assert (len(asked), len(warnings(caplog))) == (6, 1)

    ask(bank)

    assert (len(asked), len(warnings(caplog))) == (7, 2)


def test_limits_return_with_redis(bank: Bank, own_redis: Service, clock: Clock) -> None:
    own_redis.stop()
    assert "RateLimit-Remaining" not in ask(bank).headers
    own_redis.start()
    own_redis.wait_ready()
    assert "RateLimit-Remaining" not in ask(bank).headers  # left alone for a while

    clock.now += 10.5

    assert "RateLimit-Remaining" in ask(bank).headers


def test_restart_between_requests_goes_unnoticed(
    bank: Bank, own_redis: Service, at_own_redis: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    assert "RateLimit-Remaining" in ask(bank).headers

    own_redis.restart()

    assert "RateLimit-Remaining" in ask(bank).headers
    assert warnings(caplog) == []


def test_frozen_redis_is_given_up(
    bank: Bank, own_redis: Service, asked: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    ask(bank)
    asked.clear()
    own_redis.pause()
    try:
        replies = [ask(bank) for _ in range(20)]
    finally:
        own_redis.resume()

    assert {reply.status for reply in replies} == {200}
    assert len(asked) == 1
    assert warnings(caplog) == [WARNING + "TimeoutError"]


def test_keys_are_checked_without_redis(bank: Bank, environment: dict[str, str]) -> None:
    with parts_with(environment, REDIS_URL="redis://127.0.0.1:1/0"):
        assert ask(bank).status == 200
        assert Api("fk_x").get("/customer/list").status == 401
