"""Defines a fault: it begins, lasts, and is undone in every case."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from local.banking.chaos.load import Load
from local.banking.chaos.testbed import Testbed


@dataclass(frozen=True)
class Targets:
    """The targets of a fault. `stopping` is set when the run must end early."""

    bed: Testbed
    load: Load
    stopping: threading.Event

    def last(self, seconds: float) -> None:
        self.stopping.wait(seconds)


@dataclass(frozen=True)
class Fault:
    """One kind of fault. Two faults of the same lane never overlap.

    Attributes:
        name: its name in the report
        lane: the target
        seconds: the shortest and the longest duration
        happen: causes the fault, keeps it for so many seconds, and undoes it
        extra_seconds: extra time to cause and undo it, for the plan
    """

    name: str
    lane: str
    seconds: tuple[float, float]
    happen: Callable[[Targets, Random, float], None]
    extra_seconds: float = 0.0
