"""The plan of a run of banking: faults, and in each third seed a restored backup between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from local.chaos import plan
from local.chaos.faults.fault import Fault

RESTORES_EVERY = 3
"""The seeds whose number can be divided by this have a restore."""
LOST_SECONDS = (3.0, 6.0)
"""How long life goes on between a backup and its restore."""


@dataclass(frozen=True, slots=True)
class Plan(plan.Plan):
    """The steps of a run, and how long after its backup the database is restored; 0: no restore."""

    lost_seconds: float = 0.0


def make_plan(seed: int, seconds: float, faults: Sequence[Fault]) -> Plan:
    """The plan of a seed."""
    steps = plan.make_plan(seed, seconds, faults)
    return Plan(seed, steps.alone, steps.together, _lost_seconds(seed))


def _lost_seconds(seed: int) -> float:
    if seed % RESTORES_EVERY:
        return 0.0
    return Random(f"restore {seed}").uniform(*LOST_SECONDS)  # noqa: S311  # repeatable
