"""The bucket of each API key in Redis: its size, its refill, its headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from fintegrate import metrics_store
from fintegrate.database import Database
from fintegrate.redis_connection import Question, RedisConnections
from local.services.service import Service
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with, together
from tests.support.keys import key_id, with_wrong_secret

MakeBank = Callable[[], Bank]
LIMITS = {"RATE_LIMIT_API_KEY_PER_MINUTE": "6", "RATE_LIMIT_API_KEY_BURST": "3"}


@pytest.fixture
def limited(bank: Bank, environment: dict[str, str]) -> Iterator[Bank]:
    """A bank that may ask three times at once, and once more every ten seconds."""
    with parts_with(environment, **LIMITS):
        _fill(environment, bank.api)
        yield bank


def ask(bank: Bank) -> Reply:
    return bank.api.get("/customer/list")


def bucket(api: Api) -> str:
    return f"rate_limit:{key_id(api.key)}"


def _fill(environment: dict[str, str], api: Api) -> None:
    """Forget what the preparation of the test has taken."""
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        client.delete(bucket(api))


def let_pass(environment: dict[str, str], api: Api, seconds: float) -> None:
    """Make the bucket believe that time has passed."""
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        client.hincrbyfloat(bucket(api), "at", -seconds)


def test_headers_count_down(limited: Bank) -> None:
    seen = [ask(limited).headers for _ in range(3)]

    assert [h["RateLimit-Limit"] for h in seen] == ["3", "3", "3"]
    assert [h["RateLimit-Remaining"] for h in seen] == ["2", "1", "0"]
    full_in = [int(h["RateLimit-Reset"]) for h in seen]
    assert all(10 * taken < reset <= 10 * (taken + 1) for taken, reset in enumerate(full_in))


def test_empty_bucket_gives_retry_after(limited: Bank) -> None:
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


def test_bucket_refills_to_its_capacity(limited: Bank, environment: dict[str, str]) -> None:
    for _ in range(4):
        ask(limited)

    let_pass(environment, limited.api, seconds=20)
    assert [ask(limited).status for _ in range(3)] == [200, 200, 429]

    let_pass(environment, limited.api, seconds=3600)
    assert [ask(limited).status for _ in range(4)] == [200, 200, 200, 429]


def test_backward_clock_changes_no_tokens(limited: Bank, environment: dict[str, str]) -> None:
    ask(limited)
    let_pass(environment, limited.api, seconds=-3600)

    assert ask(limited).headers["RateLimit-Remaining"] == "1"


def test_refusals_do_not_lengthen_wait(limited: Bank, environment: dict[str, str]) -> None:
    for _ in range(20):
        ask(limited)

    let_pass(environment, limited.api, seconds=10)

    assert ask(limited).status == 200


def test_one_keys_limit_is_nobody_elses(make_bank: MakeBank, environment: dict[str, str]) -> None:
    one, other = make_bank(), make_bank()
    with parts_with(environment, **{**LIMITS, "RATE_LIMIT_API_KEY_BURST": "1"}):
        assert [ask(one).status for _ in range(2)] == [200, 429]
        assert ask(other).status == 200


def test_wrong_secret_takes_no_token(limited: Bank) -> None:
    ask(limited)
    stranger = Api(with_wrong_secret(limited.api.key))

    assert stranger.get("/customer/list").status == 401

    assert ask(limited).headers["RateLimit-Remaining"] == "1"


def test_deactivated_key_is_never_limited(limited: Bank, admin: Api) -> None:
    ask(limited)
    admin.post("/consumer/deactivate-api-key", api_key=limited.api.key)

    assert [ask(limited).status for _ in range(5)] == [401] * 5


def test_refused_key_changes_nobodys_answer(
    make_bank: MakeBank, admin: Api, environment: dict[str, str]
) -> None:
    """Nobody reads what Redis says of a refused key, and the next answer is the next key's."""
    refused, other = make_bank(), make_bank()
    with parts_with(environment, **{**LIMITS, "RATE_LIMIT_API_KEY_BURST": "9"}):
        _fill(environment, refused.api)
        _fill(environment, other.api)
        ask(refused)
        admin.post("/consumer/deactivate-api-key", api_key=refused.api.key)
        replies = [ask(bank) for bank in (other, refused, other, refused, other)]

    assert [reply.status for reply in replies] == [200, 401, 200, 401, 200]
    left = [reply.headers["RateLimit-Remaining"] for reply in replies if reply.status == 200]
    assert left == ["8", "7", "6"]


def test_bucket_is_asked_before_the_key(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(bank)  # the process knows the key from now on
    order: list[str] = []
    asked, found = RedisConnections.ask, Database.fetch_one

    def ask_redis(self: RedisConnections, question: Question) -> None:
        order.append("asked")
        asked(self, question)

    def find(self: Database, *arguments: Any, **options: Any) -> Any:
        order.append("found")
        return found(self, *arguments, **options)

    monkeypatch.setattr(RedisConnections, "ask", ask_redis)
    monkeypatch.setattr(Database, "fetch_one", find)
    ask(bank)

    assert order[:2] == ["asked", "found"]


def test_two_processes_share_a_bucket(limited: Bank, environment: dict[str, str]) -> None:
    for _ in range(3):
        ask(limited)

    with parts_with(environment, **LIMITS):
        assert ask(limited).status == 429


def test_simultaneous_requests_share_the_bucket(limited: Bank) -> None:
    replies = together([lambda: ask(limited)] * 12)

    assert sorted(reply.status for reply in replies) == [200] * 3 + [429] * 9


def test_full_bucket_is_forgotten_by_redis(limited: Bank, environment: dict[str, str]) -> None:
    ask(limited)

    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        assert 0 < client.ttl(bucket(limited.api)) <= 11  # type: ignore[operator]


@pytest.mark.usefixtures("at_own_redis")
def test_limit_costs_one_round_trip(
    bank: Bank, own_redis: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_store, "SEND_SECONDS", 0)  # with each request
    for _ in range(2):  # Redis learns both scripts
        ask(bank)
    sent: list[object] = []
    real = redis.Connection.send_packed_command

    def counted(self: redis.Connection, command: object, check_health: bool = True) -> None:
        sent.append(command)
        real(self, command, check_health)

    with redis.Redis.from_url(own_redis.url) as client:
        client.config_resetstat()
        with monkeypatch.context() as patched:
            patched.setattr(redis.Connection, "send_packed_command", counted)
            ask(bank)
        calls = client.info("commandstats")

    assert isinstance(calls, dict)
    assert calls["cmdstat_evalsha"]["calls"] == 2  # the bucket, and what was counted before
    of_the_script = {"time", "hmget", "hset", "expire", "hexists", "hget", "hincrby"}
    of_the_test = {"config|resetstat", "info"}
    others = {name.removeprefix("cmdstat_") for name in calls} - of_the_script - of_the_test
    assert others == {"evalsha"}
    assert len(sent) == 1


@pytest.mark.usefixtures("at_own_redis")
def test_forgotten_script_is_loaded_again(bank: Bank, own_redis: Service) -> None:
    ask(bank)
    with redis.Redis.from_url(own_redis.url) as client:
        client.script_flush()

    assert "RateLimit-Remaining" in ask(bank).headers
