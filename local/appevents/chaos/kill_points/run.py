"""Runs every kill point of app.events in several cells side by side and returns their results."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from local.appevents.chaos import ledger
from local.appevents.chaos.environment import migrated, unique
from local.appevents.chaos.kill_points.cell import Cell, open_cell
from local.appevents.chaos.kill_points.points import POINTS
from local.appevents.chaos.kill_points.trial import Trial
from local.chaos.kill_points import KillPoint, KillPointResult, play, play_side_by_side
from local.services.urls import ServiceUrls

CELLS = 4


def kill_points(
    urls: ServiceUrls,
    points: Sequence[KillPoint] = POINTS,
    report: Callable[[KillPointResult], None] = lambda _result: None,
    cells: int = CELLS,
) -> list[KillPointResult]:
    """Run the points on these servers, with their own databases and queues. One result each.

    `report` is called for each finished point, from several threads. A point that fails raises nothing:
    its result says what broke.
    """
    with (
        migrated(urls, unique("template")) as templates,
        tempfile.TemporaryDirectory(prefix="app-kill-points-") as folder,
    ):
        opened = partial(open_cell, urls, templates, Path(folder))
        return play_side_by_side(points, opened, _play, report, cells)


def _play(point: KillPoint, cell: Cell) -> KillPointResult:
    return play(point, Trial(cell, point.boundary), _examine)


def _examine(point: KillPoint, trial: Trial, result: KillPointResult) -> None:
    """Check with the ledger, and count what was handed out again against the point's bound."""
    evidence = trial.evidence()
    result.broken += [
        f"{finding.kind.value}: {finding.words}" for finding in ledger.check(evidence)
    ]
    copies = ledger.copies(evidence)
    if (worst := max(copies.values(), default=0)) > point.repeats:
        words = f"an event was published {worst} times more, not {point.repeats}"
        result.broken.append(f"{ledger.Kind.DOUBLED.value}: {words}")
    result.duplicates = copies.total()
