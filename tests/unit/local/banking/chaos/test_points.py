"""Every kill point has a name of its own and a boundary whose steps exist."""

from __future__ import annotations

import pytest

from local.banking.chaos.kill_points.points import POINTS
from local.chaos.kill_points import KillPoint

BOUND = [point for point in POINTS if point.boundary is not None]


@pytest.mark.parametrize("point", BOUND, ids=lambda point: point.name)
def test_steps_of_point_exist(point: KillPoint) -> None:
    assert point.boundary is not None
    point.boundary.check()  # raises when a step of it does not


def test_names_of_points_are_distinct() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS)
