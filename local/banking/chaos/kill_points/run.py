"""Runs every kill point in several cells side by side and returns their results."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from local.banking.chaos import ledger
from local.banking.chaos.kill_points.cell import SETTINGS, Cell, open_cell
from local.banking.chaos.kill_points.points import POINTS
from local.banking.chaos.kill_points.trial import Trial, repeats
from local.banking.chaos.kind import Kind
from local.banking.tenant_queues import remove_queues
from local.chaos.kill_points import KillPoint, KillPointResult, play, play_side_by_side
from local.machine.checkout import Checkout
from local.services.databases import create_database, drop_database, with_users
from local.services.installation import migrate
from local.services.settings import settings_environment
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
    template = f"chaos_template_{os.getpid()}"
    url = create_database(urls, template)
    try:
        users = with_users(urls, url)
        migrate(Checkout(), {**settings_environment(urls, **users), **SETTINGS})
        with tempfile.TemporaryDirectory(prefix="kill-points-") as folder:
            opened = partial(open_cell, urls, template, Path(folder))
            return play_side_by_side(points, opened, _play, report, cells)
    finally:
        drop_database(urls, template)


def _play(point: KillPoint, cell: Cell) -> KillPointResult:
    return play(point, Trial(cell, point.boundary), _examine, _remove_queues)


def _examine(point: KillPoint, trial: Trial, result: KillPointResult) -> None:
    """Check with the ledger, but count repeats by this point's own bound, which is tighter."""
    if not trial.has_tenant or not trial.is_judged:
        return
    evidence = trial.evidence()
    result.broken += [
        f"{finding.kind.value}: {finding.words}"
        for finding in ledger.check(evidence)
        if finding.kind is not Kind.TOO_MANY_DUPLICATES
    ]
    redeliveries = {
        row["event_id"]: row["deliver_try_count"] for row in trial.cell.query("redeliveries")
    }
    repeated = repeats(evidence, redeliveries)
    if (worst := max(repeated.values(), default=0)) > point.repeats:
        result.broken.append(f"an event was repeated {worst} times, not {point.repeats}")
    result.duplicates = repeated.total()
    result.redelivered = sum(delivery.redelivered for delivery in evidence.deliveries)


def _remove_queues(_point: KillPoint, trial: Trial, _result: KillPointResult) -> None:
    """Remove the point's queues, so that they do not pile up in the broker."""
    if trial.has_tenant:
        remove_queues(trial.cell.urls.rabbitmq_url, [trial.tenant.name])
