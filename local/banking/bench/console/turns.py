"""Times requests in turns with the floor, beside the processor time that they take.

On a machine that others use, too, the processor time and the ratios tell more than the time that passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import NamedTuple

from local.bench.figures import Figures
from local.bench.percentiles import p50_p95
from local.bench.processors import on_cpu_ms

Call = Callable[[], object]
FIRST_CALLS = 5
MORE_CALLS = 30
"""A request that was over its bar in its first calls is asked so often again, and only that counts."""


class Cost(NamedTuple):
    """What one call took in ms: time, and processor time of this thread and of the session."""

    passed: float
    own: float
    database: float

    @property
    def spent(self) -> float:
        """Processor time in all."""
        return self.own + self.database


class Taken(NamedTuple):
    """The calls of one request, and those of the floor beside them."""

    name: str
    calls: list[Cost]
    floor: list[Cost]

    @property
    def p50(self) -> float:
        return p50_p95([each.passed for each in self.calls])[0]

    @property
    def p95(self) -> float:
        return p50_p95([each.passed for each in self.calls])[1]


class Turns:
    """Measures against one floor, in one process with one session in the database.

    Args:
        backend: the process of that session; where Linux does not tell its time, that is 0
    """

    def __init__(self, floor: Call, backend: int) -> None:
        self._floor, self._backend = floor, backend

    def take(self, name: str, call: Call, bar_ms: float, before: Call | None = None) -> Taken:
        """Measure a call; `before` runs before each, untimed. The first two calls are not counted."""
        self._calls(name, call, before, 2)
        taken = self._calls(name, call, before, FIRST_CALLS)
        if taken.p95 > bar_ms:
            taken = self._calls(name, call, before, MORE_CALLS)
        return taken

    def _calls(self, name: str, call: Call, before: Call | None, times: int) -> Taken:
        taken = Taken(name, [], [])
        for _ in range(times):
            taken.floor.append(self._cost(self._floor))
            if before:
                before()
            taken.calls.append(self._cost(call))
        return taken

    def _cost(self, call: Call) -> Cost:
        database, own, begun = self._database(), time.thread_time(), time.perf_counter()
        call()
        passed, spent = time.perf_counter() - begun, time.thread_time() - own
        return Cost(passed * 1e3, spent * 1e3, self._database() - database)

    def _database(self) -> float:
        return on_cpu_ms(self._backend) or 0.0


def summed_up(kind: str, taken: Sequence[Taken]) -> Figures:
    """The figures of all requests of a kind.

    `p50_ms` and `p95_ms` are of all their calls together; `slowest_…` is of the slowest request alone.
    Processor times are means.
    """
    calls = [call for each in taken for call in each.calls]
    floor = [call for each in taken for call in each.floor]
    p50, p95 = p50_p95([call.passed for call in calls])
    spent = fmean(call.spent for call in calls)
    figures = {
        "requests": float(len(taken)),
        "p50_ms": p50,
        "p95_ms": p95,
        "slowest_p50_ms": max(each.p50 for each in taken),
        "slowest_p95_ms": max(each.p95 for each in taken),
        "vs_floor": p50 / median(call.passed for call in floor),
        "cpu_ms": spent,
        "database_cpu_ms": fmean(call.database for call in calls),
        "cpu_vs_floor": spent / fmean(call.spent for call in floor),
    }
    return {f"console_{kind}_{name}": value for name, value in figures.items()}


def floor_of(taken: Sequence[Taken]) -> Figures:
    """The figures of the floor in the whole run."""
    calls = [call for each in taken for call in each.floor]
    p50, p95 = p50_p95([call.passed for call in calls])
    return {
        "console_floor_p50_ms": p50,
        "console_floor_p95_ms": p95,
        "console_floor_cpu_ms": fmean(call.spent for call in calls),
    }
