"""A process dies between two steps, and no promise is broken. `make nights` tries the others."""

from __future__ import annotations

import pytest

from local.banking.chaos.kill_points.points import (
    POINTS,
    calling,
    calling_again,
    choosing,
    leaving,
)
from local.banking.chaos.kill_points.points.writing import MARK, Write
from local.banking.chaos.kill_points.run import kill_points
from local.chaos.boundaries import before
from local.chaos.kill_points import KillPoint, KillPointResult
from local.services.running import RunningServices

OF_DAY = {
    "webhook: after the request, before its answer is read",
    "webhook: after the confirmation, before the turn's end",
    "webhook: a copy, before the commit",
    "webhook, redelivered by the bank: after the copies, before they are counted",
    "webhook, rewind: after they are counted, before the commit",
    "webhook chosen: after the commit",
    "webhook's secret: after the commit, before the answer",
    "test event: before the request",
    "erasing: after a batch",
    "export: a file written, before the step",
    "archive: after the comparison is noted",
    "archive: while rows are taken away",
    "offboarding: between two customers",
}
"""Of the newer ones, one of each kind."""
NEWER = (*calling.POINTS, *calling_again.POINTS, *choosing.POINTS, *leaving.POINTS)
EVERY = 10
TRIED = (
    *[point for point in POINTS if point not in NEWER][::EVERY],
    *[point for point in POINTS if point.name in OF_DAY],
)
LEFT = tuple(point for point in POINTS if point not in TRIED)
NEVER_REACHED = KillPoint("never reached", before(MARK, 99), Write("create", committed=True))


@pytest.fixture(scope="module")
def results(services: RunningServices) -> dict[str, KillPointResult]:
    """The points of the day, several side by side (tests/support/sharing.py: on one worker)."""
    played = kill_points(services.urls, (*TRIED, NEVER_REACHED))
    return {result.point: result for result in played}


@pytest.fixture(scope="module")
def results_of_others(services: RunningServices) -> dict[str, KillPointResult]:
    return {result.point: result for result in kill_points(services.urls, LEFT)}


@pytest.mark.parametrize("point", TRIED, ids=lambda point: point.name)
def test_promises_hold_after_the_kill(
    point: KillPoint, results: dict[str, KillPointResult]
) -> None:
    result = results[point.name]

    assert result.broken == []
    assert result.hit


@pytest.mark.night_long
@pytest.mark.parametrize("point", LEFT, ids=lambda point: point.name)
def test_promises_hold_after_the_others(
    point: KillPoint, results_of_others: dict[str, KillPointResult]
) -> None:
    result = results_of_others[point.name]

    assert result.broken == []
    assert result.hit


def test_points_of_the_day_exist() -> None:
    assert {point.name for point in POINTS} >= OF_DAY


def test_missed_point_is_reported(results: dict[str, KillPointResult]) -> None:
    result = results[NEVER_REACHED.name]

    assert not result.hit
    assert not result.holds


def test_results_keep_the_points_order(results: dict[str, KillPointResult]) -> None:
    assert list(results) == [point.name for point in (*TRIED, NEVER_REACHED)]
