"""Runs every kill point in several cells side by side and returns their results."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from local.banking.chaos import ledger
from local.banking.chaos.kill_points.cell import SETTINGS, Cell, open_cell
from local.banking.chaos.kill_points.point import KillPoint, KillPointResult
from local.banking.chaos.kill_points.points import POINTS
from local.banking.chaos.kill_points.trial import Trial, repeats
from local.banking.chaos.kind import Kind
from local.banking.tenant_queues import remove_queues
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
            return _side_by_side(urls, template, Path(folder), points, report, cells)
    finally:
        drop_database(urls, template)


def _side_by_side(
    urls: ServiceUrls,
    template: str,
    folder: Path,
    points: Sequence[KillPoint],
    report: Callable[[KillPointResult], None],
    cells: int,
) -> list[KillPointResult]:
    waiting: SimpleQueue[KillPoint] = SimpleQueue()
    for point in points:
        waiting.put(point)

    def work(_number: int) -> list[KillPointResult]:
        results = []
        with open_cell(urls, template, folder) as cell:
            while point := _next(waiting):
                results.append(play(point, cell))
                report(results[-1])
        return results

    with ThreadPoolExecutor(cells) as pool:
        found = {result.point: result for done in pool.map(work, range(cells)) for result in done}
    return [found[point.name] for point in points]


def _next(waiting: SimpleQueue[KillPoint]) -> KillPoint | None:
    try:
        return waiting.get_nowait()
    except Empty:
        return None


def play(point: KillPoint, cell: Cell) -> KillPointResult:
    began = time.monotonic()
    trial = Trial(cell, point.boundary)
    result = KillPointResult(point.name)
    for step in (_play, _examine, _remove_queues):
        try:
            step(point, trial, result)
        except Exception as error:  # the ledger still runs: it names the evidence
            result.broken.append(f"{type(error).__name__}: {error}")
    result.hit = trial.hit
    result.seconds = time.monotonic() - began
    return result


def _play(point: KillPoint, trial: Trial, _result: KillPointResult) -> None:
    point.scenario(trial)


def _examine(point: KillPoint, trial: Trial, result: KillPointResult) -> None:
    """Check with the ledger, but count repeats by this point's own bound, which is tighter."""
    if not trial.has_tenant:
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
