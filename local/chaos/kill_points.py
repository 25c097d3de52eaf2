"""Kill points: a process dies at each of many boundaries, and the promises must hold afterwards.

A system has its own points, and a cell in which each is tried. Several cells work side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from local.chaos.boundaries import Boundary

REST_SECONDS = 30.0
POLL_SECONDS = 0.1
C = TypeVar("C")


class BrokenPromise(Exception):
    """A promise did not hold; the text says which."""


class Trial(Protocol):
    """One try of a point. `hit` says whether its boundary was reached."""

    hit: bool


T = TypeVar("T", bound=Trial)


@dataclass(frozen=True)
class KillPoint:
    """One place to die. `repeats` is how often it may cause one event to come again.

    Without a boundary the scenario itself kills, and sets `hit`.
    """

    name: str
    boundary: Boundary | None
    scenario: Callable[[Any], None]
    repeats: int = 0


@dataclass
class KillPointResult:
    """The result of a point: whether it was hit, which promises it broke, how many copies it caused.

    `duplicates` counts the unwanted copies of all events. `redelivered` counts what the broker sent
    again because a consumer had died.
    """

    point: str
    hit: bool = False
    broken: list[str] = field(default_factory=list)
    duplicates: int = 0
    redelivered: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the process died at its boundary and broke nothing."""
        return self.hit and not self.broken


Examination = Callable[[KillPoint, T, KillPointResult], None]


def play(point: KillPoint, trial: T, *examinations: Examination[T]) -> KillPointResult:
    """Try a point. What fails is written down; the examinations follow all the same."""
    began = time.monotonic()
    result = KillPointResult(point.name)

    def scenario(_point: KillPoint, tried: T, _result: KillPointResult) -> None:
        point.scenario(tried)

    for step in (scenario, *examinations):
        try:
            step(point, trial, result)
        except Exception as error:  # the ledger still runs: it names the evidence
            result.broken.append(f"{type(error).__name__}: {error}")
    result.hit = trial.hit
    result.seconds = time.monotonic() - began
    return result


def play_side_by_side(
    points: Sequence[KillPoint],
    open_cell: Callable[[], AbstractContextManager[C]],
    play_in: Callable[[KillPoint, C], KillPointResult],
    report: Callable[[KillPointResult], None],
    cells: int,
) -> list[KillPointResult]:
    """Try all points, each in one of so many cells; one result each, in their order.

    `report` is called for each finished point, from several threads.
    """
    waiting: SimpleQueue[KillPoint] = SimpleQueue()
    for point in points:
        waiting.put(point)

    def work(_number: int) -> list[KillPointResult]:
        results = []
        with open_cell() as cell:
            while point := _next(waiting):
                results.append(play_in(point, cell))
                report(results[-1])
        return results

    with ThreadPoolExecutor(cells) as pool:
        found = {result.point: result for done in pool.map(work, range(cells)) for result in done}
    return [found[point.name] for point in points]


def until(what: str, done: Callable[[], bool], seconds: float = REST_SECONDS) -> None:
    """Wait until a condition is true.

    Raises:
        BrokenPromise: the condition does not become true in time
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise BrokenPromise(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)


def _next(waiting: SimpleQueue[KillPoint]) -> KillPoint | None:
    try:
        return waiting.get_nowait()
    except Empty:
        return None
