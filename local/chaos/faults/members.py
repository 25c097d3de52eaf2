"""Kills and freezes processes of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from local.chaos.faults.fault import Happen, Targets
from local.chaos.members import Member

Choose = Callable[[Any], Sequence[Member]]
"""The processes of a testbed among which one is chosen."""


def killed(among: Choose) -> Happen:
    """Kill one of them with SIGKILL in the middle of its work. A new process replaces it."""

    def happen(targets: Targets[Any], random: Random, seconds: float) -> None:
        member = random.choice(among(targets.bed))
        member.kill()
        targets.last(seconds)
        member.start()

    return happen


def frozen(among: Choose) -> Happen:
    """Freeze one of them with its connections and locks, and wake it later."""

    def happen(targets: Targets[Any], random: Random, seconds: float) -> None:
        member = random.choice(among(targets.bed))
        member.freeze()
        targets.last(seconds)
        member.wake()

    return happen
