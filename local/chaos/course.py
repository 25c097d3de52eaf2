"""The course of a run of any system: what may be chosen, faults under load, and the rest afterwards."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.chaos.conducting import Conductor
from local.chaos.faults.fault import Fault
from local.chaos.plan import Plan
from local.chaos.testbed import Testbed

POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Choices:
    """The options of a run. A system has its own defaults and may have more.

    Attributes:
        seconds: duration of the load, and roughly of the faults
        callers: threads that call, for each owner of rows
        rest_seconds: longest time until the system must be at rest afterwards
        sabotage: promises that are broken on purpose
        kill_points: whether the command also runs the kill points, once
    """

    seconds: float = 40.0
    callers: int = 2
    faults: Sequence[Fault] = ()
    rest_seconds: float = 120.0
    sabotage: str = ""
    kill_points: bool = True


class Load(Protocol):
    """Callers that run until they are stopped."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def empty(folder: Path) -> None:
    """Make a folder anew, for the logs and records of a run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def disturb(
    bed: Testbed,
    load: Load,
    conductor: Conductor,
    plan: Plan,
    seconds: float,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Carry out the plan under load. Afterwards all faults are undone and nothing calls."""
    load.start()
    enough = time.monotonic() + seconds
    try:
        conductor.carry_out(plan, between)
        time.sleep(max(0.0, enough - time.monotonic()))
    finally:
        bed.calm()
        load.stop()


def come_to_rest(is_at_rest: Callable[[], bool], most_seconds: float, looks: int = 1) -> float:
    """Wait, within a limit, until so many looks in a row see it at rest. Returns the time it took."""
    began = time.monotonic()
    quiet = 0
    while time.monotonic() - began < most_seconds:
        quiet = quiet + 1 if is_at_rest() else 0
        if quiet >= looks:
            break
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began
