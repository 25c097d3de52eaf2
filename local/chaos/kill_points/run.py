"""Plays every kill point, in several cells side by side, and gives what came of each."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from local.chaos.kill_points.cell import SETTINGS, Cell, open_cell
from local.chaos.kill_points.point import KillPoint, KillPointResult
from local.chaos.kill_points.points import POINTS
from local.chaos.kill_points.scene import Scene
from local.checkout import Checkout
from local.environment import ServiceUrls, create_database, drop_database, settings_environment
from local.installation import migrate

CELLS = 4


def kill_points(
    urls: ServiceUrls,
    points: Sequence[KillPoint] = POINTS,
    report: Callable[[KillPointResult], None] = lambda _result: None,
    cells: int = CELLS,
) -> list[KillPointResult]:
    """Play the points on these servers, with databases and queues of their own; one result each.

    `report` is called as each is done, from several threads. Never raises for a point that fails:
    its result says what broke.
    """
    template = f"chaos_template_{os.getpid()}"
    url = create_database(urls, template)
    try:
        migrate(Checkout(), {**settings_environment(urls), **SETTINGS, "DATABASE_URL": url})
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
    """Play one point."""
    began = time.monotonic()
    scene = Scene(cell, point.boundary)
    try:
        point.scenario(scene)
        findings = scene.examine()
        worst = max(findings.duplicates.values(), default=0)
        if worst > point.duplicates:
            findings.broken.append(f"an event was repeated {worst} times by one kill")
        broken, copies = findings.broken, findings.duplicates.total()
        redelivered = findings.redelivered
    except Exception as error:
        broken, copies, redelivered = [f"{type(error).__name__}: {error}"], 0, 0
    finally:
        scene.close()
    if not scene.hit:
        broken.insert(0, "was not hit: the process passed this boundary, or there is none")
    seconds = time.monotonic() - began
    return KillPointResult(point.name, scene.hit, broken, copies, redelivered, seconds)
