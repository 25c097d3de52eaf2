"""The command `make chaos`: its servers, its seeds, its report and its exit status."""

from __future__ import annotations

import signal
import time
from functools import partial

from rich.console import Console

from local.banking.chaos import report
from local.banking.chaos.kill_points.run import kill_points
from local.banking.chaos.plan import RESTORES_EVERY
from local.banking.chaos.run import Choices, run_seed
from local.machine.checkout import Checkout
from local.services.choice import remove_all
from local.services.running import RunningServices, ensure_services


def run(seed: int | None, seeds: int, choices: Choices) -> int:
    """Run every kill point once, then the seeds one after another; 0 when no promise was broken.

    The command starts its own servers and removes them afterwards.
    """
    console = Console(highlight=False)
    own = Checkout().within("chaos")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop everything, as Ctrl-C does
    first = seed if seed is not None else _new_seed()
    try:
        with console.status("Starting servers of its own"), ensure_services(own) as services:
            return _play(console, services, own, range(first, first + seeds), choices)
    finally:
        remove_all(own)


def _new_seed() -> int:
    """A seed with a restore."""
    return int(time.time()) % 1_000_000 // RESTORES_EVERY * RESTORES_EVERY


def _play(
    console: Console, services: RunningServices, own: Checkout, seeds: range, choices: Choices
) -> int:
    points = []
    if choices.kill_points:
        console.print("kill points", style="bold")
        points = kill_points(services.urls, report=partial(report.show_kill_point, console))
    runs = []
    for seed in seeds:
        console.print(f"seed {seed}", style="bold")

        def told(words: str) -> None:
            console.print(f"  {words}", style="dim", markup=False)

        runs.append(run_seed(services, seed, choices, own.folder("runs", str(seed)), told))
    summary = report.summary(runs, points)
    path = Checkout().state / "chaos.json"
    report.write(path, summary)
    report.show(console, summary)
    holds = all(point.holds for point in points) and not any(run.findings for run in runs)
    return 0 if holds else 1
