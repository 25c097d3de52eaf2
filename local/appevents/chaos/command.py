"""The part of app.events in `make chaos`: its kill points, its seeds and its report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rich.console import Console

from local.appevents.chaos import report
from local.appevents.chaos.kill_points.run import kill_points as try_all
from local.appevents.chaos.run import Choices, run_seed
from local.appevents.chaos.sabotage import SABOTAGES
from local.chaos.command import Play
from local.chaos.report import show_kill_point, write
from local.machine.checkout import Checkout
from local.services.running import RunningServices


def plays(seconds: float, sabotage: str, kill_points: bool) -> Play | None:
    """What this system plays; None if it does not know a sabotage of that name."""
    if set(filter(None, sabotage.split(","))) - SABOTAGES.keys():
        return None
    return partial(play, Choices(seconds, sabotage=sabotage, kill_points=kill_points))


def play(
    choices: Choices, console: Console, services: RunningServices, own: Checkout, seeds: range
) -> bool:
    """Run every kill point once, then the seeds one after another; whether every promise held."""
    points = []
    if choices.kill_points:
        console.print("kill points of app.events", style="bold")
        points = try_all(services.urls, report=partial(show_kill_point, console))
    runs = []
    for seed in seeds:
        console.print(f"app.events, seed {seed}", style="bold")
        folder = own.folder("runs", f"appevents-{seed}")
        runs.append(run_seed(services, seed, choices, folder, _teller(console)))
    summary = report.summary(runs, points)
    write(Checkout().state / "chaos-appevents.json", summary)
    report.show(console, summary)
    return all(point.holds for point in points) and not any(run.findings for run in runs)


def _teller(console: Console) -> Callable[[str], None]:
    return lambda words: console.print(f"  {words}", style="dim", markup=False)
