"""The kill points of app.events, by the work that the process does when it dies."""

from __future__ import annotations

from local.appevents.chaos.kill_points.points import consuming, filming, ingesting, tending
from local.chaos.kill_points import KillPoint

POINTS: tuple[KillPoint, ...] = (
    *ingesting.POINTS,
    *consuming.POINTS,
    *filming.POINTS,
    *tending.POINTS,
)
