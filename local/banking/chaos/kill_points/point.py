"""A kill point: its name, the boundary at which a process dies, and its scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import Boundary

Scenario = Callable[[Trial], None]


@dataclass(frozen=True)
class KillPoint:
    """One place to die. `repeats` is how often it may cause one event to come again.

    Without a boundary the scenario itself kills, and sets `hit`.
    """

    name: str
    boundary: Boundary | None
    scenario: Scenario
    repeats: int = 0


@dataclass
class KillPointResult:
    """The result of a point: whether it was hit, which promises it broke, how many copies it caused.

    `duplicates` counts the unwanted copies of all events. `redelivered` counts what the broker sent
    again because a consumer had died.
    """

    point: str
    hit: bool = False
    broken: list[str] = field(default_factory=list)
    duplicates: int = 0
    redelivered: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the process died at its boundary and broke nothing."""
        return self.hit and not self.broken
