"""Plans the faults of a run from a seed: first one at a time, then several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from local.chaos.faults.fault import Fault

ALONE_SHARE = 0.35
"""The share of a run in which faults come one at a time."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fault: it begins after a pause and lasts so many seconds."""

    fault: str
    pause: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a run. Steps of different lanes overlap."""

    seed: int
    alone: Sequence[Step]
    together: Mapping[str, Sequence[Step]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def make_plan(seed: int, seconds: float, faults: Sequence[Fault]) -> Plan:
    """The plan of a seed. Faults that do not fit into the first part begin the second."""
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
    """The faults that can begin within the time, in their order, and the rest."""
    steps: list[Step] = []
    passed = 0.0
    for place, fault in enumerate(faults):
        step = Step(fault.name, random.uniform(0.1, 1.0), random.uniform(*fault.seconds))
        if passed + step.pause + step.seconds + fault.extra_seconds > seconds and steps:
            return steps, faults[place:]
        steps.append(step)
        passed += step.pause + step.seconds + fault.extra_seconds
    return steps, []
