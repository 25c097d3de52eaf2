"""The bucket of each API key in Redis: its limits, its headers, and requests while Redis is away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
import redis

from chalicelib.platform import Platform
from fintegrate.api_keys import parse_api_key
from local.services.service import Service
from tests.support.api import Api, Bank, Reply
from tests.support.fixtures import platform_with
from tests.support.threads import together

MakeBank = Callable[[], Bank]
LIMITS = {"RATE_LIMIT_API_KEY_PER_MINUTE": "6", "RATE_LIMIT_API_KEY_BURST": "3"}
WARNING = "rate limits are off, Redis is away: "
servers = pytest.mark.xdist_group("servers")


@pytest.fixture
def limited(bank: Bank, environment: dict[str, str]) -> Iterator[Bank]:
    """A bank that may ask three times at once, and once more every ten seconds."""
    with platform_with(environment, **LIMITS):
        _empty_clock(environment, bank.api)
        yield bank


@pytest.fixture
def at_own_redis(bank: Bank, own_redis: Service, environment: dict[str, str]) -> Iterator[Platform]:
    """A process that counts in a cache which the test may stop."""
    with platform_with(environment, REDIS_URL=own_redis.url) as parts:
        yield parts


@pytest.fixture
def asked(at_own_redis: Platform, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subjects that Redis was really asked about."""
    subjects: list[str] = []
    limiter = at_own_redis.process.rate_limiter
    real = limiter._ask

    def counted(subject: str) -> tuple[bool, float]:
        subjects.append(subject)
        return real(subject)

    monkeypatch.setattr(limiter, "_ask", counted)
    return subjects


class Clock:
    """The limiter's clock, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(at_own_redis: Platform, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(at_own_redis.process.rate_limiter, "_clock", clock)
    return clock


def ask(bank: Bank) -> Reply:
    return bank.api.get("/customer/list")


def bucket(api: Api) -> str:
    key = parse_api_key(api.key or "")
    assert key is not None
    return f"rate_limit:{key.key_id}"


def _empty_clock(environment: dict[str, str], api: Api) -> None:
    """Forget what the preparation of the test has taken."""
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        client.delete(bucket(api))


def let_pass(environment: dict[str, str], api: Api, seconds: float) -> None:
    """Make the bucket believe that time has passed."""
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        client.hincrbyfloat(bucket(api), "at", -seconds)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.getMessage().startswith(WARNING)
    ]


def test_headers_count_down(limited: Bank) -> None:
    seen = [ask(limited).headers for _ in range(3)]

    assert [h["RateLimit-Limit"] for h in seen] == ["3", "3", "3"]
    assert [h["RateLimit-Remaining"] for h in seen] == ["2", "1", "0"]
    full_in = [int(h["RateLimit-Reset"]) for h in seen]
    assert all(10 * taken < reset <= 10 * (taken + 1) for taken, reset in enumerate(full_in))


def test_empty_bucket_refuses_and_says_when_to_come_back(limited: Bank) -> None:
    for _ in range(3):
        assert ask(limited).status == 200

    reply = ask(limited)

    assert reply.status == 429
    assert reply.detail["status_name"] == "TOO_MANY_REQUESTS"
    wait = reply.headers["Retry-After"]
    assert 1 <= int(wait) <= 10
    assert reply.description == (
        f"Rate limit of 6 requests a minute reached for this API key; try again in {wait} s"
    )
    assert reply.headers["RateLimit-Remaining"] == "0"


def test_headers_come_with_refusals_too(limited: Bank) -> None:
    reply = limited.api.get("/customer/data")

    assert (reply.status, reply.headers["RateLimit-Remaining"]) == (422, "2")


def test_bucket_refills_with_time_up_to_its_capacity(
    limited: Bank, environment: dict[str, str]
) -> None:
    for _ in range(4):
        ask(limited)

    let_pass(environment, limited.api, seconds=20)
    assert [ask(limited).status for _ in range(3)] == [200, 200, 429]

    let_pass(environment, limited.api, seconds=3600)
    assert [ask(limited).status for _ in range(4)] == [200, 200, 200, 429]


def test_clock_that_jumps_back_gives_nothing_and_takes_nothing(
    limited: Bank, environment: dict[str, str]
) -> None:
    ask(limited)
    let_pass(environment, limited.api, seconds=-3600)

    assert ask(limited).headers["RateLimit-Remaining"] == "1"


def test_refused_requests_do_not_lengthen_the_wait(
    limited: Bank, environment: dict[str, str]
) -> None:
    for _ in range(20):
        ask(limited)

    let_pass(environment, limited.api, seconds=10)

    assert ask(limited).status == 200


def test_one_keys_limit_is_nobody_elses(
    make_bank: MakeBank, environment: dict[str, str], admin: Api
) -> None:
    one, other = make_bank(), make_bank()
    with platform_with(environment, **{**LIMITS, "RATE_LIMIT_API_KEY_BURST": "1"}):
        assert [ask(one).status for _ in range(2)] == [200, 429]
        assert ask(other).status == 200
    _empty_clock(environment, admin)


def test_two_processes_share_a_bucket(limited: Bank, environment: dict[str, str]) -> None:
    for _ in range(3):
        ask(limited)

    with platform_with(environment, **LIMITS):
        assert ask(limited).status == 429


def test_many_at_once_get_no_more_than_the_bucket_holds(limited: Bank) -> None:
    replies = together([lambda: ask(limited)] * 12)

    assert sorted(reply.status for reply in replies) == [200] * 3 + [429] * 9


def test_full_bucket_is_forgotten_by_redis(limited: Bank, environment: dict[str, str]) -> None:
    ask(limited)

    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        assert 0 < client.ttl(bucket(limited.api)) <= 11  # type: ignore[operator]


@pytest.mark.usefixtures("at_own_redis")
def test_limit_costs_one_round_trip(bank: Bank, own_redis: Service) -> None:
    ask(bank)
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_resetstat()
        ask(bank)
        calls = client.info("commandstats")

    assert isinstance(calls, dict)
    assert calls["cmdstat_evalsha"]["calls"] == 1
    of_the_script = {"time", "hmget", "hset", "expire"}
    of_the_test = {"config|resetstat", "info"}
    others = {name.removeprefix("cmdstat_") for name in calls} - of_the_script - of_the_test
    assert others == {"evalsha"}


@pytest.mark.usefixtures("at_own_redis")
def test_script_that_redis_has_forgotten_is_loaded_again(bank: Bank, own_redis: Service) -> None:
    ask(bank)
    with redis.Redis.from_url(own_redis.url) as client:
        client.script_flush()

    assert "RateLimit-Remaining" in ask(bank).headers


@servers
def test_requests_pass_while_redis_is_away(
    bank: Bank, own_redis: Service, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert "RateLimit-Remaining" in ask(bank).headers
    asked.clear()
    own_redis.stop()

    replies = [ask(bank) for _ in range(20)]

    assert {reply.status for reply in replies} == {200}
    assert all("RateLimit-Remaining" not in reply.headers for reply in replies)
    assert len(asked) == 1  # found out once; after that a dead Redis costs nothing
    assert len(warnings(caplog)) == 1


@servers
def test_warning_comes_once_a_minute(
    bank: Bank,
    own_redis: Service,
    asked: list[str],
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


@servers
def test_limits_hold_again_when_redis_is_back(bank: Bank, own_redis: Service, clock: Clock) -> None:
    own_redis.stop()
    assert "RateLimit-Remaining" not in ask(bank).headers
    own_redis.start()
    own_redis.wait_ready()
    assert "RateLimit-Remaining" not in ask(bank).headers  # left alone for a while

    clock.now += 10.5

    assert "RateLimit-Remaining" in ask(bank).headers


@servers
def test_restart_between_two_requests_is_not_noticed(
    bank: Bank, own_redis: Service, at_own_redis: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    assert "RateLimit-Remaining" in ask(bank).headers

    own_redis.restart()

    assert "RateLimit-Remaining" in ask(bank).headers
    assert warnings(caplog) == []


@servers
def test_frozen_redis_is_given_up_and_left_alone(
    bank: Bank, own_redis: Service, asked: list[str], caplog: pytest.LogCaptureFixture
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


def test_keys_are_checked_while_redis_is_away(bank: Bank, environment: dict[str, str]) -> None:
    with platform_with(environment, REDIS_URL="redis://127.0.0.1:1/0"):
        assert ask(bank).status == 200
        assert Api("fk_x").get("/customer/list").status == 401
