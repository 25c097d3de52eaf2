"""The exploration itself, on actors without a database: it sees what only one order shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

import pytest

from tests.integration.banking.events.stepping.actors import Step, learn, step
from tests.integration.banking.events.stepping.exploration import (
    TRIES,
    Exploration,
    Explored,
    Violation,
)


class Counter:
    """A number that actors read and write; at the end it must be `wanted`."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.begun = 0

    def begin(self) -> None:
        self.begun += 1
        self.number = 0

    def state(self) -> Hashable:
        return self.number

    def moves(self) -> list[Step]:
        return []

    def move(self, step: Step) -> None:
        raise AssertionError(step)

    def waiting(self) -> int:
        return 0

    def check(self) -> None:
        assert 0 <= self.number <= 2

    def check_end(self) -> None:
        assert self.number == self.wanted, f"an update is lost: {self.number}"

    def add_in_two_steps(self) -> None:
        step("read")
        read = self.number
        learn(str(read))
        step("write")
        self.number = read + 1

    def add_in_one_step(self) -> None:
        step("add")
        self.number += 1


Explore = Callable[[Counter, Callable[[], None]], Explored]


@pytest.fixture
def explore() -> Iterator[Explore]:
    explorations: list[Exploration] = []

    def run(world: Counter, act: Callable[[], None]) -> Explored:
        explorations.append(Exploration(world, {"one": act, "two": act}))
        return explorations[-1].explore()

    yield run
    for exploration in explorations:
        exploration.close(lambda: None)


def test_lost_update_is_found(explore: Explore) -> None:
    counter = Counter(wanted=2)

    with pytest.raises(Violation, match="an update is lost: 1") as found:
        explore(counter, counter.add_in_two_steps)

    assert [step.what for step in found.value.schedule] == ["read", "read", "write", "write"]


def test_each_state_is_continued_once(explore: Explore) -> None:
    counter = Counter(wanted=2)

    assert explore(counter, counter.add_in_one_step) == Explored(states=4, runs=2)


def test_run_that_leads_elsewhere_is_repeated(explore: Explore) -> None:
    counter = Counter(wanted=2)

    def add_or_not() -> None:
        learn("odd" if counter.begun in {2, 3} else "even")
        counter.add_in_one_step()

    assert explore(counter, add_or_not) == Explored(states=4, runs=4, again=2)


def test_schedule_never_repeated_is_dropped(explore: Explore) -> None:
    counter = Counter(wanted=2)

    def add() -> None:
        learn(str(counter.begun))
        counter.add_in_one_step()

    assert explore(counter, add) == Explored(states=3, runs=1 + TRIES, again=TRIES, dropped=1)


def test_failed_actor_is_told(explore: Explore) -> None:
    def fail() -> None:
        step("fail")
        raise ValueError("no such customer")

    with pytest.raises(Violation, match="no such customer"):
        explore(Counter(wanted=0), fail)
