"""What a fault is: something that begins, lasts, and is undone, whatever happens meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from local.banking.chaos.load import Load
from local.banking.chaos.testbed import Testbed


@dataclass(frozen=True)
class Scene:
    """What a fault plays on; `stopping` is set when the run has to end early."""

    bed: Testbed
    load: Load
    stopping: threading.Event

    def last(self, seconds: float) -> None:
        self.stopping.wait(seconds)


@dataclass(frozen=True)
class Fault:
    """One kind of fault; those of one lane never overlap.

    Attributes:
        name: what is wrong, in the words of the report
        lane: what it happens to
        seconds: how long it lasts, drawn between these two
        happen: does it, lets it last so many seconds, undoes it
        extra_seconds: what doing and undoing take beside, for the planning
    """

    name: str
    lane: str
    seconds: tuple[float, float]
    happen: Callable[[Scene, Random, float], None]
    extra_seconds: float = 0.0
