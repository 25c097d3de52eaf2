"""A process of the relay dies between two steps, and no promise is broken; `make nights` tries all."""

from __future__ import annotations

import pytest

from local.chaos.kill_points import KillPointResult
from local.relay.chaos.kill_points.points import POINTS, cheating
from local.relay.chaos.kill_points.run import kill_points
from local.relay.chaos.ledger import Kind
from local.services.running import RunningServices

EVERY = 6
TRIED = POINTS[2::EVERY]
LEFT = tuple(point for point in POINTS if point not in TRIED)
FOUND = {"lose": Kind.LOST, "double": Kind.DOUBLED, "cross": Kind.CROSSED}


@pytest.fixture(scope="module")
def results(services: RunningServices) -> dict[str, KillPointResult]:
    """Some points, and every sabotage, side by side (tests/support/sharing.py: on one worker)."""
    played = kill_points(services.urls, (*TRIED, *cheating.POINTS), cells=2)
    return {result.point: result for result in played}


@pytest.fixture(scope="module")
def results_of_others(services: RunningServices) -> dict[str, KillPointResult]:
    return {result.point: result for result in kill_points(services.urls, LEFT, cells=2)}


@pytest.mark.parametrize("name", [point.name for point in TRIED])
def test_promises_hold_after_the_kill(name: str, results: dict[str, KillPointResult]) -> None:
    result = results[name]

    assert result.broken == []
    assert result.hit


@pytest.mark.night_long
@pytest.mark.parametrize("name", [point.name for point in LEFT])
def test_promises_hold_after_the_others(
    name: str, results_of_others: dict[str, KillPointResult]
) -> None:
    result = results_of_others[name]

    assert result.broken == []
    assert result.hit


@pytest.mark.parametrize("name", [point.name for point in cheating.POINTS])
def test_ledger_sees_what_is_broken(name: str, results: dict[str, KillPointResult]) -> None:
    found = {each.partition(":")[0] for each in results[name].broken}

    assert FOUND[name].value in found
