from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.gateway import address_limit
from local.gateway.address_limit import AddressLimit


class Clock:
    def __init__(self):
        self.now = 1_000_020.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def passed(limit, times, address="203.0.113.7"):
    return sum(limit.refused_for(address) == 0 for _ in range(times))


def test_exactly_the_limit_passes(clock):
    assert passed(AddressLimit(100, clock), 250) == 100


def test_addresses_do_not_share(clock):
    limit = AddressLimit(5, clock)

    assert passed(limit, 9, "203.0.113.7") == 5
    assert passed(limit, 9, "203.0.113.8") == 5


def test_one_ipv6_network_is_one_client(clock):
    limit = AddressLimit(5, clock)

    assert passed(limit, 5, "2001:db8::1") == 5
    assert passed(limit, 5, "2001:db8::ffff:2") == 0
    assert passed(limit, 5, "2001:db8:0:1::1") == 5


@given(limit=st.integers(1, 50), extra=st.integers(1, 80), offset=st.floats(0, 59.9))
def test_who_waits_as_told_is_let_in(limit, extra, offset):
    clock = Clock()
    clock.now += offset
    counted = AddressLimit(limit, clock)
    passed(counted, limit + extra)

    clock.now += counted.refused_for("203.0.113.7")

    assert counted.refused_for("203.0.113.7") == 0


@given(st.lists(st.floats(0.01, 30), min_size=30, max_size=120))
def test_any_minute_holds_at_most_two_limits(pauses):
    clock, times = Clock(), []
    counted = AddressLimit(10, clock)
    for pause in pauses:
        clock.now += pause
        if counted.refused_for("203.0.113.7") == 0:
            times.append(clock.now)

    for start in times:
        assert sum(start <= time < start + 60 for time in times) < 20


def test_a_quiet_client_starts_anew(clock):
    limit = AddressLimit(10, clock)
    passed(limit, 10)

    clock.now += 120

    assert passed(limit, 20) == 10


def test_memory_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(address_limit, "MOST_ADDRESSES", 100)
    limit = AddressLimit(1, clock)

    for number in range(1000):
        limit.refused_for(f"10.0.{number // 250}.{number % 250}")

    assert len(limit) == 100


def test_a_limit_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="RATE_LIMIT_IP_PER_MINUTE"):
        AddressLimit(0)
