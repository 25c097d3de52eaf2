"""A kill point: its name, the boundary at which a process dies, and the scenario around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local.banking.chaos.kill_points.scene import Scene
from local.chaos.boundaries import Boundary

Scenario = Callable[[Scene], None]


@dataclass(frozen=True)
class KillPoint:
    """One place to die. `repeats` is how often any one event may come again because of it.

    Without a boundary the scenario itself kills, and says so by `hit`.
    """

    name: str
    boundary: Boundary | None
    scenario: Scenario
    repeats: int = 0


@dataclass
class KillPointResult:
    """What came of a point: whether it was hit, the promises it broke, the copies it caused.

    `duplicates` counts the copies of all events beyond the meant ones; `redelivered` is what the
    broker handed out again because a consumer had died.
    """

    point: str
    hit: bool = False
    broken: list[str] = field(default_factory=list)
    duplicates: int = 0
    redelivered: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the process died where it had to and nothing was broken by it."""
        return self.hit and not self.broken
