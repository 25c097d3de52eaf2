"""What `make chaos` plays of a system, writes down and says of its promises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.chaos.command import Suite
from local.chaos.course import Choices
from local.chaos.finding import Finding
from local.chaos.kill_points import KillPointResult
from local.machine.checkout import Checkout


class Kind(Enum):
    LOST = "lost"


LOST = Finding(Kind.LOST, "shop", "an event is lost")


@dataclass
class Played:
    """What a run of this test found."""

    seed: int
    findings: Sequence[Finding]

    def as_json(self) -> dict[str, Any]:
        words = [finding.words for finding in self.findings]
        return {"seed": self.seed, "events": 2, "findings": words}


@dataclass
class System:
    """Plays nothing; its points and its runs are as the test wants them."""

    found: Sequence[Finding] = ()
    points: list[KillPointResult] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)

    def run_seed(
        self, _services: object, seed: int, _choices: object, folder: Path, _told: object
    ) -> Played:
        self.folders.append(folder.name)
        return Played(seed, self.found)

    def plays(self, report: Path, sabotage: str = "", kill_points: bool = True) -> bool | None:
        suite = Suite(
            name="tried",
            choices=Choices,
            sabotages={"lose": lambda: None, "leak": lambda: None},
            kill_points=lambda _urls, **_: self.points,
            run_seed=self.run_seed,
            summed=("events",),
            shown={"seed": "seed", "events": "events"},
            report=str(report / "report.json"),
            folder="tried-",
        )
        play = suite.plays(1.0, sabotage, kill_points)
        services: Any = _Services()
        return play and play(Console(file=StringIO()), services, Checkout(report), range(3, 5))


class _Services:
    urls = None


def test_seeds_are_run_and_summed(tmp_path: Path) -> None:
    system = System(points=[KillPointResult("a point", hit=True)])

    assert system.plays(tmp_path)

    written = json.loads((tmp_path / "report.json").read_text())
    assert (written["runs"], written["seed"], written["events"]) == (2, [3, 4], 4)
    assert (written["kill_points"], written["kill_points_broken"]) == (1, 0)
    assert system.folders == ["tried-3", "tried-4"]


@pytest.mark.parametrize(
    "system",
    [
        System(found=[LOST]),
        System(points=[KillPointResult("a point", hit=True, broken=["an event is lost"])]),
        System(points=[KillPointResult("a point")]),
    ],
    ids=["finding", "broken point", "point not hit"],
)
def test_broken_promise_is_said(tmp_path: Path, system: System) -> None:
    assert system.plays(tmp_path) is False


def test_kill_points_are_left_out(tmp_path: Path) -> None:
    assert System(points=[KillPointResult("a point")]).plays(tmp_path, kill_points=False)


def test_unknown_sabotage_plays_nothing(tmp_path: Path) -> None:
    assert System().plays(tmp_path, sabotage="lose,burn") is None
    assert System().plays(tmp_path, sabotage="lose,leak")
