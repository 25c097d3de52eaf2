"""GET /health: up and down, without a key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import systems
from chalicelib.banking import wiring
from chalicelib.banking.wiring import Parts
from chalicelib.operations import health as health_module
from chalicelib.relay import wiring as relay_wiring
from fintegrate.made_once import MadeOnce
from tests.integration.operations.pages import get
from tests.support.api import Api


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test looks for itself."""
    monkeypatch.setattr(health_module, "_kept", None)


@pytest.fixture
def rewire(parts: Parts, environment: dict[str, str]) -> Iterator[Callable[[str, str], None]]:
    """Gives this process another address of a server, as one that is away has."""
    parts: list[Parts] = []

    def use(setting: str, address: str) -> None:
        parts.append(wiring.build({**environment, setting: address}))
        wiring.use(parts[-1])

    yield use
    for each in parts:
        each.close()


def test_everything_is_up(parts: Parts) -> None:
    reply = Api(None).get("/health")

    assert reply.status == 200
    assert {name: state["status"] for name, state in reply.data.items()} == {
        "database": "up",
        "broker": "up",
        "cache": "up",
        "schedules": "on_time",
    }
    servers = ("database", "broker", "cache")
    assert all(reply.data[server]["latency_ms"] > 0 for server in servers)
    assert reply.data["broker"]["circuit_breaker"] == "closed"


@pytest.mark.parametrize(
    ("server", "setting", "address"),
    [
        ("broker", "RABBITMQ_URL", "amqp://a:b@127.0.0.1:9/x"),
        ("cache", "REDIS_URL", "redis://127.0.0.1:9/0"),
    ],
)
def test_one_server_away_stays_healthy(
    rewire: Callable[[str, str], None], server: str, setting: str, address: str
) -> None:
    rewire(setting, address)

    reply = Api(None).get("/health")

    assert reply.status == 200
    assert [name for name, state in reply.data.items() if state["status"] == "down"] == [server]


def test_database_away_is_not_healthy(rewire: Callable[[str, str], None]) -> None:
    rewire("DATABASE_URL", "postgresql://a:b@127.0.0.1:9/x")

    reply = Api(None).get("/health")

    assert reply.status == 503
    assert reply.data == {}
    assert reply.headers["Retry-After"]
    assert "database" in reply.description


def test_system_without_settings_says_so(
    parts: Parts, admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systems, "served", MadeOnce(lambda: systems.named(None)))
    monkeypatch.delenv("RELAY_DATABASE_URL", raising=False)
    relay_wiring.use(None)

    reply = Api(None).get("/health")

    assert (reply.status, reply.data["database"]["status"]) == (200, "up")
    assert reply.data["relay"] == {"status": "not_configured"}
    assert get("/metrics", key=admin.key).status == 200


def test_health_is_cached_a_second(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(
        health_module, "_check", lambda: asked.append(1) or {"database": {"status": "up"}}
    )
    monkeypatch.setattr(health_module.time, "monotonic", lambda: 100.0)

    for _ in range(5):
        assert Api(None).get("/health").status == 200

    assert len(asked) == 1


class PassingWhileAsked:
    """A clock on which seven seconds pass with every look at the servers, and else none."""

    perf_counter = staticmethod(time.perf_counter)

    def __init__(self) -> None:
        self.looks = 0

    def monotonic(self) -> float:
        return 7.0 * self.looks


def test_waiting_callers_share_slow_check(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else strangers who ask during an outage occupy every thread, one look after the other."""
    clock, look = PassingWhileAsked(), health_module._check

    def slow_look() -> dict[str, Any]:
        clock.looks += 1
        return look()

    monkeypatch.setattr(health_module, "_check", slow_look)
    monkeypatch.setattr(health_module, "time", clock)

    for _ in range(3):
        assert Api(None).get("/health").status == 200

    assert clock.looks == 1
