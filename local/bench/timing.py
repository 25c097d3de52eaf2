"""Measures times in turns, so that other load on the machine slows both sides.

The ratio stays right even when the single figures do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

__all__ = ["in_turns", "median", "on_schedule", "seconds_of", "timed"]

TURN = 25


def timed(action: Callable[[], object], times: int) -> list[float]:
    """The time of each call in milliseconds."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        durations.append((time.perf_counter() - started) * 1000)
    return durations


def in_turns(turns: int, *actions: Callable[[], object]) -> list[list[float]]:
    """The durations of each action in ms: `TURN` calls of one, then of the next.

    The first turn warms up.
    """
    durations: list[list[float]] = [[] for _ in actions]
    for turn in range(turns + 1):
        for action, taken in zip(actions, durations, strict=True):
            calls = timed(action, TURN)
            if turn:
                taken.extend(calls)
    return durations


def seconds_of(action: Callable[[], object]) -> float:
    return timed(action, 1)[0] / 1000


def on_schedule(action: Callable[[], object], per_second: float, seconds: float) -> list[float]:
    """Call at fixed times, or late after slow calls. Returns the times at which the calls were due."""
    start = time.monotonic() + 0.1
    due = [start + number / per_second for number in range(round(per_second * seconds))]
    for at in due:
        time.sleep(max(0.0, at - time.monotonic()))
        action()
    return due
