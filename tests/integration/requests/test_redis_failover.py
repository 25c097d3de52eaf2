"""Two Redis servers behind one address: one becomes a replica, new connections lead to the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from fintegrate.redis_connection import Question, RedisConnections, Script
from local.chaos.proxy import TcpProxy
from local.machine.checkout import Checkout
from local.services.choice import choose
from local.services.service import Service

COUNT = Script("return redis.call('INCR', KEYS[1])").call("counted")


class Failover:
    """One address that leads to the old server, and after `happen` to the new one."""

    def __init__(self, old: Service, new: Service) -> None:
        self._old, self._new = old, new
        self._ports = iter([urlsplit(old.url).port, urlsplit(new.url).port])
        self._port = next(self._ports)
        self._proxy = TcpProxy(lambda: self._port or 0)
        self.url = self._proxy.through(old.url)

    def happen(self) -> None:
        """The old server becomes a replica and keeps its connections."""
        self._port = next(self._ports)
        self._replicate(urlsplit(self._new.url).hostname, self._port)

    def undo(self) -> None:
        self._replicate("no", "one")
        self._proxy.close()

    def _replicate(self, *of: Any) -> None:
        with redis.Redis.from_url(self._old.url) as client:
            client.replicaof(*of)


@pytest.fixture(scope="module")
def other_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    server = choose(Checkout(tmp_path_factory.mktemp("other_redis")))["redis"]
    server.start()
    server.wait_ready()
    yield server
    server.remove()


@pytest.fixture
def failover(own_redis: Service, other_redis: Service) -> Iterator[Failover]:
    word = urlsplit(own_redis.url).password or ""
    other = redis.Redis.from_url(other_redis.url)
    other.config_set("requirepass", word)  # both have the same clients
    failover = Failover(own_redis, other_redis)
    yield failover
    failover.undo()
    other.config_set("requirepass", urlsplit(other_redis.url).password or "")
    other.close()


@pytest.fixture
def clock() -> Callable[[], float]:
    """Every look at it is after the time for which a failed Redis is left alone."""
    return itertools.count(0, 60).__next__


def test_refused_question_connects_anew(failover: Failover, clock: Callable[[], float]) -> None:
    connections = RedisConnections(failover.url, timeout_ms=1_000, clock=clock)
    assert connections.answer(Question(COUNT)) is not None
    failover.happen()

    assert connections.answer(Question(COUNT)) is None
    assert connections.answer(Question(COUNT)) is not None


def test_refused_companion_connects_anew(failover: Failover, clock: Callable[[], float]) -> None:
    """Counts that are only sent along must not be refused for ever either."""
    connections = RedisConnections(failover.url, timeout_ms=1_000, clock=clock)
    connections.send([COUNT])
    failover.happen()

    connections.send([COUNT])

    assert connections.answer(Question(COUNT)) is not None


def test_every_thread_connects_anew(failover: Failover, clock: Callable[[], float]) -> None:
    """One thread's failure is enough: the others do not find it out one after the other."""
    connections = RedisConnections(failover.url, timeout_ms=1_000, clock=clock)
    with ThreadPoolExecutor(1) as other:

        def count_there() -> object:
            return other.submit(connections.answer, Question(COUNT)).result()

        assert count_there() is not None
        assert connections.answer(Question(COUNT)) is not None
        failover.happen()

        assert connections.answer(Question(COUNT)) is None
        assert count_there() is not None
