from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.gateway import address_limit
from local.gateway.address_limit import AddressLimit


class Clock:
    """The time of day, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0  # a window's begin

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def passed(limit: AddressLimit, times: int, address: str = "203.0.113.7") -> int:
    return sum(limit.refused_for(address) == 0 for _ in range(times))


def test_exactly_the_limit_passes(clock: Clock) -> None:
    assert passed(AddressLimit(100, clock), 250) == 100


def test_addresses_do_not_share(clock: Clock) -> None:
    limit = AddressLimit(5, clock)

    assert passed(limit, 9, "203.0.113.7") == 5
    assert passed(limit, 9, "203.0.113.8") == 5


def test_ipv6_network_is_one_client(clock: Clock) -> None:
    limit = AddressLimit(5, clock)

    assert passed(limit, 5, "2001:db8::1") == 5
    assert passed(limit, 5, "2001:db8::ffff:2") == 0
    assert passed(limit, 5, "2001:db8:0:1::1") == 5


@given(limit=st.integers(1, 50), extra=st.integers(1, 80), offset=st.floats(0, 59.9))
def test_told_wait_is_enough(limit: int, extra: int, offset: float) -> None:
    clock = Clock()
    clock.now += offset
    counted = AddressLimit(limit, clock)
    passed(counted, limit + extra)

    clock.now += counted.refused_for("203.0.113.7")

    assert counted.refused_for("203.0.113.7") == 0


@given(st.integers(1, 50), st.lists(st.floats(0.01, 50), min_size=5, max_size=60))
def test_told_wait_is_enough_later(limit: int, pauses: list[float]) -> None:
    clock = Clock()
    counted = AddressLimit(limit, clock)
    for pause in pauses:
        clock.now += pause
        passed(counted, 1 + limit // 3)
    wait = counted.refused_for("203.0.113.7")

    assert wait <= 61
    clock.now += wait
    assert counted.refused_for("203.0.113.7") == 0 or wait == 0


@given(st.lists(st.floats(0.01, 30), min_size=30, max_size=120))
def test_minute_holds_two_limits_at_most(pauses: list[float]) -> None:
    times = []
    clock = Clock()
    counted = AddressLimit(10, clock)
    for pause in pauses:
        clock.now += pause
        if counted.refused_for("203.0.113.7") == 0:
            times.append(clock.now)

    for start in times:
        assert sum(start <= time < start + 60 for time in times) < 20


def test_quiet_client_starts_anew(clock: Clock) -> None:
    limit = AddressLimit(10, clock)
    passed(limit, 10)

    clock.now += 120

    assert passed(limit, 20) == 10


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_limit, "MOST_ADDRESSES", 100)
    limit = AddressLimit(1, Clock())

    for number in range(1000):
        limit.refused_for(f"10.0.{number // 250}.{number % 250}")

    assert len(limit) == 100
    assert limit.refused_for("10.0.3.249") > 0
    assert limit.refused_for("10.0.0.0") == 0


def test_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="RATE_LIMIT_IP_PER_MINUTE"):
        AddressLimit(0)
