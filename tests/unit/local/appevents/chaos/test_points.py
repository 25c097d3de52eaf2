"""Every kill point of app.events has a name of its own and a boundary whose steps exist."""

from __future__ import annotations

import pytest

from local.appevents.chaos.kill_points.points import POINTS
from local.chaos.kill_points import KillPoint


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_steps_of_point_exist(point: KillPoint) -> None:
    assert point.boundary is not None
    point.boundary.check()  # raises when a step of it does not


def test_names_of_points_are_distinct() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS)


@pytest.mark.parametrize("step", ["ingest", "consume", "complete", "process"])
def test_each_step_has_points(step: str) -> None:
    assert sum(point.name.startswith(f"{step}: ") for point in POINTS) >= 7
