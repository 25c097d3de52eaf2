"""The kill points, by the work that the process does when it dies."""

from __future__ import annotations

from local.banking.chaos.kill_points.points import (
    administering,
    amidst,
    calling,
    calling_again,
    choosing,
    dead_lettering,
    delivering,
    leaving,
    migrating,
    onboarding,
    replaying,
    requeueing,
    scheduled,
    skipping,
    sweeping,
    writing,
)
from local.chaos.kill_points import KillPoint

POINTS: tuple[KillPoint, ...] = (
    *writing.POINTS,
    *sweeping.POINTS,
    *replaying.POINTS,
    *calling.POINTS,
    *calling_again.POINTS,
    *choosing.POINTS,
    *delivering.POINTS,
    *dead_lettering.POINTS,
    *leaving.POINTS,
    *administering.POINTS,
    *onboarding.POINTS,
    *scheduled.POINTS,
    *skipping.POINTS,
    *migrating.POINTS,
    *amidst.POINTS,
    *requeueing.POINTS,
)
