"""A process dies at every boundary between two steps, and no promise is broken by it."""

from __future__ import annotations

import pytest

from local.chaos.kill_points.point import KillPoint, KillPointResult
from local.chaos.kill_points.points import POINTS
from local.chaos.kill_points.run import kill_points
from local.environment import RunningServices


@pytest.fixture(scope="module")
def results(services: RunningServices) -> dict[str, KillPointResult]:
    """Every point is played once, several side by side."""
    return {result.point: result for result in kill_points(services.urls)}


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_promises_hold_after_the_kill(
    point: KillPoint, results: dict[str, KillPointResult]
) -> None:
    result = results[point.name]

    assert result.hit
    assert result.broken == []


def test_names_of_the_points_are_distinct() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS)
