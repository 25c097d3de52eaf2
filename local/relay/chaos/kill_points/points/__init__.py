"""The kill points of the relay, by the work that the process does when it dies."""

from __future__ import annotations

from local.chaos.kill_points import KillPoint
from local.relay.chaos.kill_points.points import delivering, ingesting, taking_in, tending

POINTS: tuple[KillPoint, ...] = (
    *ingesting.POINTS,
    *taking_in.POINTS,
    *delivering.POINTS,
    *tending.POINTS,
)
