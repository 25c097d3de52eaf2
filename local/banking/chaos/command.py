"""Banking's part of `make chaos`: its kill points, its seeds and its report."""

from __future__ import annotations

from local.banking.chaos.kill_points.run import kill_points
from local.banking.chaos.report import SHOWN, SUMMED
from local.banking.chaos.run import Choices, run_seed
from local.banking.chaos.sabotage import SABOTAGES
from local.chaos.command import Suite

SUITE = Suite(
    name="banking",
    choices=Choices,
    sabotages=SABOTAGES,
    kill_points=kill_points,
    run_seed=run_seed,
    summed=SUMMED,
    shown=SHOWN,
    report="chaos.json",
)
