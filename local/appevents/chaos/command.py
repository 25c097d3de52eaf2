"""The part of app.events in `make chaos`: its kill points, its seeds and its report."""

from __future__ import annotations

from local.appevents.chaos.kill_points.run import kill_points
from local.appevents.chaos.report import SHOWN, SUMMED
from local.appevents.chaos.run import Choices, run_seed
from local.appevents.chaos.sabotage import SABOTAGES
from local.chaos.command import Suite

SUITE = Suite(
    name="app.events",
    choices=Choices,
    sabotages=SABOTAGES,
    kill_points=kill_points,
    run_seed=run_seed,
    summed=SUMMED,
    shown=SHOWN,
    report="chaos-appevents.json",
    folder="appevents-",
)
