"""The circuit breaker: when it opens, when it lets one probe through, when it closes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fintegrate.breaker import CircuitBreaker
from tests.unit.layer.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(failures=5, open_seconds=30, clock=clock)


def open_up(breaker: CircuitBreaker) -> None:
    for _ in range(5):
        breaker.failed()


def test_it_begins_closed(breaker: CircuitBreaker) -> None:
    assert breaker.state == "closed"
    assert all(breaker.allow() for _ in range(10))


def test_fifth_successive_failure_opens_it(breaker: CircuitBreaker) -> None:
    for _ in range(4):
        breaker.failed()
    assert breaker.state == "closed"

    breaker.failed()

    assert breaker.state == "open"
    assert not breaker.allow()


def test_success_resets_the_count(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        for _ in range(4):
            breaker.failed()
        breaker.succeeded()

    assert breaker.state == "closed"


def test_it_stays_open_for_its_time(breaker: CircuitBreaker, clock: Clock) -> None:
    open_up(breaker)

    clock.advance(29.9)
    assert (breaker.state, breaker.allow()) == ("open", False)

    clock.advance(0.1)
    assert (breaker.state, breaker.allow()) == ("half_open", True)


def test_half_open_lets_one_probe_through(breaker: CircuitBreaker, clock: Clock) -> None:
    open_up(breaker)
    clock.advance(30)

    assert [breaker.allow() for _ in range(5)] == [True, False, False, False, False]


def test_one_thread_is_the_probe(breaker: CircuitBreaker, clock: Clock) -> None:
    open_up(breaker)
    clock.advance(30)
    barrier = threading.Barrier(16)

    def ask(_: int) -> bool:
        barrier.wait()
        return breaker.allow()

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(ask, range(16))) == [False] * 15 + [True]


def test_probe_that_works_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    open_up(breaker)
    clock.advance(30)
    breaker.allow()

    breaker.succeeded()

    assert breaker.state == "closed"
    for _ in range(4):  # and the old failures are forgotten
        breaker.failed()
    assert breaker.state == "closed"


def test_failed_probe_opens_it_again(breaker: CircuitBreaker, clock: Clock) -> None:
    open_up(breaker)
    clock.advance(45)
    breaker.allow()

    breaker.failed()

    clock.advance(29.9)
    assert breaker.state == "open"
    clock.advance(0.1)
    assert breaker.allow()


def test_probe_that_never_reports_is_forgotten(breaker: CircuitBreaker, clock: Clock) -> None:
    open_up(breaker)
    clock.advance(30)
    assert breaker.allow()

    clock.advance(29.9)
    assert not breaker.allow()
    clock.advance(0.1)
    assert breaker.allow()


def test_late_failure_lengthens_no_open_time(breaker: CircuitBreaker, clock: Clock) -> None:
    open_up(breaker)
    clock.advance(20)

    breaker.failed()  # was under way when the circuit opened

    clock.advance(10)
    assert breaker.state == "half_open"
