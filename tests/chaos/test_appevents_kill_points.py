"""A process of app.events dies between two steps, and no promise is broken; `make nights` tries all."""

from __future__ import annotations

import shutil

import pytest

from local.appevents.chaos.kill_points.points import POINTS, cheating
from local.appevents.chaos.kill_points.run import kill_points
from local.appevents.chaos.kind import Kind
from local.chaos.kill_points import KillPointResult
from local.services.running import RunningServices

EVERY = 20
TRIED = POINTS[4::EVERY]
LEFT = tuple(point for point in POINTS if point not in TRIED)
FOUND = {"ack_first": Kind.UNSETTLED, "no_keys": Kind.DOUBLED, "overtake": Kind.DISORDERED}

if not shutil.which("ffmpeg"):
    pytest.skip("ffmpeg is not installed: make setup", allow_module_level=True)


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
