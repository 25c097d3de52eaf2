"""The ceiling holds over every second, whatever the shares take, and nothing is made up for."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from fintegrate.console.throttle import Throttle
from tests.unit.layer.clock import Clock

MOST = 100


def work(
    throttle: Throttle, clock: Clock, rate: int, total: int, takes: float = 0.0
) -> list[tuple[float, int]]:
    """Do so many, each share as soon as it may; the moments and sizes of the shares."""
    done: list[tuple[float, int]] = []
    while (left := total - sum(count for _, count in done)) > 0:
        clock.advance(throttle.wait(rate, MOST))
        began, count = clock.now, min(left, throttle.share(rate, MOST))
        clock.advance(takes)
        throttle.note(count, began, rate)
        done.append((began, count))
    return done


def most_in_a_second(done: list[tuple[float, int]]) -> int:
    return max(
        sum(count for at, count in done if start <= at < start + 0.999_999) for start, _ in done
    )


@pytest.mark.parametrize("rate", [1, 2, 3, 7, 10, 15, 49, 50, 99, 100, 333, 499, 500])
@pytest.mark.parametrize("takes", [0.0, 0.004, 0.3])
def test_no_second_has_more(rate: int, takes: float) -> None:
    clock = Clock()

    done = work(Throttle(clock=clock), clock, rate, 5 * rate, takes)

    assert most_in_a_second(done) <= rate


@pytest.mark.parametrize("rate", [1, 3, 10, 50, 500])
def test_rate_is_nearly_reached(rate: int) -> None:
    clock = Clock()

    done = work(Throttle(clock=clock), clock, rate, 10 * rate, 0.001)

    assert 9 <= done[-1][0] - done[0][0] <= 10.2


def test_lost_time_is_not_made_up() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock)
    work(throttle, clock, 50, 100)
    clock.advance(3600)

    done = work(throttle, clock, 50, 200)

    assert most_in_a_second(done) <= 50
    assert all(later - earlier >= 0.099 for (earlier, _), (later, _) in pairwise(done))


def test_rate_may_change_meanwhile() -> None:
    clock, random_rates = Clock(), random.Random(7)
    throttle = Throttle(clock=clock)
    done: list[tuple[float, int, int]] = []
    for _ in range(200):
        rate = random_rates.choice([1, 5, 50, 500])
        done += [(*share, rate) for share in work(throttle, clock, rate, rate, 0.002)]

    for start, _, rate in done:
        before = sum(count for at, count, _ in done if start - 0.999_999 < at <= start)
        assert before <= max(rate, 1), (start, rate)


def test_silence_is_kept_first() -> None:
    clock = Clock()

    assert Throttle(0.7, clock).wait(50, MOST) == pytest.approx(0.7)


def test_last_second_is_told() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock)
    work(throttle, clock, 50, 20)

    assert throttle.of_last_second == 20
    clock.advance(1.1)
    assert throttle.of_last_second == 0
