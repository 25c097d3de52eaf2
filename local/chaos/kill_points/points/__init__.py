"""The kill points, by what is done when the process dies."""

from local.chaos.kill_points.point import KillPoint
from local.chaos.kill_points.points import writing

POINTS: tuple[KillPoint, ...] = (*writing.POINTS,)
