"""Which step of a saga comes next, forwards and backwards, and when it is tried again."""

from __future__ import annotations

import pytest

from fintegrate.saga import (
    DONE,
    LONGEST_WAIT_SECONDS,
    MOST_TRIES,
    READY,
    RUNNING,
    Step,
    next_step,
    next_undo,
    state_after,
    wait_after,
)


def nothing(_row: object) -> None:
    """A step's work."""


FLIGHT = Step("flight", nothing, nothing, inside=True)
HOTEL = Step("hotel", nothing, nothing)
TICKET = Step("ticket", nothing, attended=True)
JOURNEY = [FLIGHT, HOTEL, TICKET]


def names(*steps: Step) -> dict[str, str]:
    return {step.name: "2026-01-15T09:30:00+00:00" for step in steps}


@pytest.mark.parametrize(
    ("done", "step"),
    [((), FLIGHT), ((FLIGHT,), HOTEL), ((FLIGHT, HOTEL), TICKET), ((*JOURNEY,), None)],
)
def test_first_open_step_is_next(done: tuple[Step, ...], step: Step | None) -> None:
    assert next_step(JOURNEY, names(*done)) is step


def test_step_added_later_is_next() -> None:
    """A saga that was begun before a deployment knows no number of steps."""
    assert next_step([FLIGHT, Step("visa", nothing), HOTEL], names(FLIGHT, HOTEL)).name == "visa"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("done", "undone", "step"),
    [
        ((), (), FLIGHT),
        ((FLIGHT,), (), HOTEL),
        ((FLIGHT,), (HOTEL,), FLIGHT),
        ((FLIGHT, HOTEL), (), HOTEL),
        ((FLIGHT, HOTEL), (HOTEL,), FLIGHT),
        ((FLIGHT, HOTEL), (HOTEL, FLIGHT), None),
    ],
)
def test_undoing_begins_at_the_failed_step(
    done: tuple[Step, ...], undone: tuple[Step, ...], step: Step | None
) -> None:
    assert next_undo(JOURNEY, names(*done), names(*undone)) is step


@pytest.mark.parametrize(
    ("done", "attended", "state"),
    [
        ((), False, RUNNING),
        ((FLIGHT, HOTEL), False, READY),
        ((FLIGHT, HOTEL), True, RUNNING),
        ((*JOURNEY,), False, DONE),
        ((*JOURNEY,), True, DONE),
    ],
)
def test_saga_waits_for_its_caller(done: tuple[Step, ...], attended: bool, state: str) -> None:
    assert state_after(JOURNEY, names(*done), attended=attended) == state


def test_waits_grow_to_a_bound() -> None:
    waits = [wait_after(tries) for tries in range(MOST_TRIES)]

    assert waits[:6] == [50, 50, 100, 200, 400, 800]
    assert set(waits[6:]) == {LONGEST_WAIT_SECONDS}
    assert 23 * 3600 < sum(waits[1:]) < 25 * 3600


def test_thousandth_wait_is_bounded() -> None:
    assert wait_after(10_000) == LONGEST_WAIT_SECONDS
