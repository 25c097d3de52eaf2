"""The kill points, by what is done when the process dies."""

from local.chaos.kill_points.point import KillPoint
from local.chaos.kill_points.points import delivering, sweeping, writing

POINTS: tuple[KillPoint, ...] = (*writing.POINTS, *sweeping.POINTS, *delivering.POINTS)
