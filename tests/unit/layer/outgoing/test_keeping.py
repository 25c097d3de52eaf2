"""Which connections are kept, and for how long."""

from __future__ import annotations

from typing import cast

import pytest

from fintegrate.outgoing.connection import Connection
from fintegrate.outgoing.keeping import IDLE_SECONDS, OLDEST_SECONDS, Kept

ORIGIN = ("https", "a.example", 443)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A connection without a socket."""

    def __init__(self, clock: Clock) -> None:
        self.origin = ORIGIN
        self.opened_at = clock.now
        self.is_open = True
        self.silent = True

    def is_silent(self) -> bool:
        return self.silent

    def close(self) -> None:
        self.is_open = False


class Fixture:
    def __init__(self, most: int = 100) -> None:
        self.clock = Clock()
        self.kept = Kept(most, self.clock)

    def keep(self, owner: object, most: int = 10) -> Line:
        line = Line(self.clock)
        self.kept.keep(owner, cast(Connection, line), most)
        return line

    def take(self, owner: object) -> Line | None:
        return cast(Line | None, self.kept.take(owner, ORIGIN))


@pytest.fixture
def lines() -> Fixture:
    return Fixture()


def test_last_used_is_taken_first(lines: Fixture) -> None:
    first, second = lines.keep("mine"), lines.keep("mine")

    assert [lines.take("mine") for _ in range(3)] == [second, first, None]


def test_pools_share_no_connection(lines: Fixture) -> None:
    lines.keep("mine")

    assert lines.take("yours") is None


def test_pool_keeps_no_more_than_bound(lines: Fixture) -> None:
    kept = [lines.keep("mine", most=2) for _ in range(3)]

    assert [line.is_open for line in kept] == [True, True, False]


def test_client_keeps_no_more_than_bound() -> None:
    lines = Fixture(most=2)
    kept = [lines.keep(owner) for owner in ("a", "b", "c")]

    assert [line.is_open for line in kept] == [True, True, False]
    lines.take("a")
    assert lines.keep("c").is_open


def test_idle_connection_is_dropped(lines: Fixture) -> None:
    line = lines.keep("mine")
    lines.clock.now += IDLE_SECONDS - 1
    assert lines.take("mine") is line
    lines.kept.keep("mine", cast(Connection, line), 10)

    lines.clock.now += IDLE_SECONDS

    assert lines.take("mine") is None
    assert not line.is_open


def test_other_pools_sweep_idle_ones(lines: Fixture) -> None:
    line = lines.keep("mine")
    lines.clock.now += IDLE_SECONDS

    lines.take("yours")

    assert not line.is_open


def test_busy_connection_ends_by_age(lines: Fixture) -> None:
    line = lines.keep("mine")
    for _ in range(int(OLDEST_SECONDS / 50)):
        assert lines.take("mine") is line
        lines.kept.keep("mine", cast(Connection, line), 10)
        lines.clock.now += 50

    assert lines.take("mine") is None


def test_closed_one_is_passed_over(lines: Fixture) -> None:
    good, closed = lines.keep("mine"), lines.keep("mine")
    closed.silent = False

    assert lines.take("mine") is good
    assert not closed.is_open


def test_dropping_leaves_others(lines: Fixture) -> None:
    mine, yours = lines.keep("mine"), lines.keep("yours")

    lines.kept.drop("mine")

    assert (mine.is_open, yours.is_open) == (False, True)


def test_other_origin_drops_all(lines: Fixture) -> None:
    line = lines.keep("mine")

    assert lines.kept.take("mine", ("https", "b.example", 443)) is None
    assert not line.is_open


def test_other_origin_below_is_dropped(lines: Fixture) -> None:
    """A request to the former host may end after the first one to the new host."""
    before, after = lines.keep("mine"), Line(lines.clock)
    after.origin = ("https", "b.example", 443)
    lines.kept.keep("mine", cast(Connection, after), 10)

    assert lines.kept.take("mine", after.origin) is after
    assert (before.is_open, after.is_open) == (False, True)


def test_closing_drops_everything(lines: Fixture) -> None:
    kept = [lines.keep(owner) for owner in ("a", "b")]

    lines.kept.close()

    assert not any(line.is_open for line in kept)
    assert lines.keep("a").is_open
