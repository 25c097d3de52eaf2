"""The relay's part of `make chaos`: its kill points, its seeds and its report."""

from __future__ import annotations

from local.chaos.command import Suite
from local.relay.chaos.kill_points.run import kill_points
from local.relay.chaos.report import SHOWN, SUMMED
from local.relay.chaos.run import Choices, run_seed
from local.relay.chaos.sabotage import SABOTAGES

SUITE = Suite(
    name="relay",
    choices=Choices,
    sabotages=SABOTAGES,
    kill_points=kill_points,
    run_seed=run_seed,
    summed=SUMMED,
    shown=SHOWN,
    report="chaos-relay.json",
    folder="relay-",
)
