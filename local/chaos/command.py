"""The command `make chaos`: its servers, its seeds and its exit status, for any system's runs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from local.chaos.course import Choices
from local.chaos.kill_points import KillPointResult
from local.chaos.report import Run, show, show_kill_point, summary, write
from local.chaos.sabotage import Sabotages, named_in
from local.machine.checkout import Checkout
from local.services.choice import remove_all
from local.services.running import RunningServices, ensure_services

Play = Callable[[Console, RunningServices, Checkout, range], bool]
"""Plays a system's kill points and seeds and shows them; says whether every promise held."""
RunSeed = Callable[[RunningServices, int, Any, Path, Callable[[str], None]], Run]
ROUND = 3
"""A new seed can be divided by this: some systems do something special with each third one."""


class Suite(NamedTuple):
    """A system's kill points and its runs of seeds, and how they are reported.

    Attributes:
        choices: makes the options of its runs
        summed: what is added up over the runs
        shown: the columns of the table with their headings
        report: the file of `.local/` that gets all of it
        folder: what the names of its runs' folders begin with
    """

    name: str
    choices: Callable[..., Choices]
    sabotages: Sabotages
    kill_points: Callable[..., list[KillPointResult]]
    run_seed: RunSeed
    summed: Sequence[str]
    shown: Mapping[str, str]
    report: str
    folder: str = ""

    def plays(self, seconds: float, sabotage: str, kill_points: bool) -> Play | None:
        """What this system plays; None if it does not know a sabotage of that name."""
        if set(named_in(sabotage)) - self.sabotages.keys():
            return None
        choices = self.choices(seconds, sabotage=sabotage, kill_points=kill_points)
        return partial(self._play, choices)

    def _play(
        self,
        choices: Choices,
        console: Console,
        services: RunningServices,
        own: Checkout,
        seeds: range,
    ) -> bool:
        """Run every kill point once, then the seeds one after another."""
        points: list[KillPointResult] = []
        if choices.kill_points:
            console.print(f"{self.name}, kill points", style="bold")
            points = self.kill_points(services.urls, report=partial(show_kill_point, console))

        def tell(words: str) -> None:
            console.print(f"  {words}", style="dim", markup=False)

        runs = []
        for seed in seeds:
            console.print(f"{self.name}, seed {seed}", style="bold")
            folder = own.folder("runs", f"{self.folder}{seed}")
            runs.append(self.run_seed(services, seed, choices, folder, tell))
        found = summary(runs, points, self.summed)
        write(Checkout().state / self.report, found)
        show(console, found, self.shown)
        return all(point.holds for point in points) and not any(run.findings for run in runs)


def run(seed: int | None, seeds: int, plays: Sequence[Play]) -> int:
    """Play one system after the other; 0 when no promise was broken.

    The command starts its own servers and removes them afterwards.
    """
    console = Console(highlight=False)
    own = Checkout().within("chaos")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop everything, as Ctrl-C does
    first = seed if seed is not None else int(time.time()) % 1_000_000 // ROUND * ROUND
    try:
        with console.status("Starting servers of its own"), ensure_services(own) as services:
            held = [play(console, services, own, range(first, first + seeds)) for play in plays]
    finally:
        remove_all(own)
    return 0 if all(held) else 1
