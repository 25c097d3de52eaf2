"""Measures times in turns, so that other load on the machine slows both sides.

The ratio stays right even when the single figures do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

__all__ = ["each_in_turns", "in_turns", "median", "on_schedule", "seconds_of", "timed"]

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


def each_in_turns(*ways: Sequence[Callable[[], object]]) -> list[list[float]]:
    """The time of each call in ms, for calls that can be made once only: one of each way, then the next.

    The first calls warm up. Every way has as many calls.
    """
    times: list[list[float]] = [[] for _ in ways]
    for calls in zip(*ways, strict=True):
        for call, taken in zip(calls, times, strict=True):
            taken.extend(timed(call, 1))
    return [taken[max(1, len(taken) // 20) :] for taken in times]


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
