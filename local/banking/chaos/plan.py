"""What goes wrong when, from a seed: first one thing at a time, then everywhere at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from local.banking.chaos.faults.fault import Fault

ALONE_SHARE = 0.35
"""The part of a run in which faults come one by one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fault to come, after a pause, for so many seconds."""

    fault: str
    pause: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a run; those of different lanes overlap."""

    seed: int
    alone: Sequence[Step]
    together: Mapping[str, Sequence[Step]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def make_plan(seed: int, seconds: float, faults: Sequence[Fault]) -> Plan:
    """The plan of a seed; whatever is left out of the first part comes first in the second."""
    random = Random(f"plan {seed}")  # noqa: S311  # repeatable
    left = list(faults)
    random.shuffle(left)
    alone, _ = _fill(random, left, ALONE_SHARE * seconds)
    done = {step.fault for step in alone}
    together = {}
    for lane in sorted({fault.lane for fault in faults}):
        of_lane = [fault for fault in left if fault.lane == lane]
        due = [fault for fault in of_lane if fault.name not in done]
        again = [fault for fault in of_lane if fault.name in done]
        together[lane], _ = _fill(random, due + again, (1 - ALONE_SHARE) * seconds)
    return Plan(seed, alone, together)


def _fill(
    random: Random, faults: Sequence[Fault], seconds: float
) -> tuple[list[Step], Sequence[Fault]]:
    """As many of the faults, in their order, as begin within the time; and those left over."""
    steps: list[Step] = []
    passed = 0.0
    for place, fault in enumerate(faults):
        step = Step(fault.name, random.uniform(0.1, 1.0), random.uniform(*fault.seconds))
        if passed + step.pause + step.seconds + fault.extra_seconds > seconds and steps:
            return steps, faults[place:]
        steps.append(step)
        passed += step.pause + step.seconds + fault.extra_seconds
    return steps, []
