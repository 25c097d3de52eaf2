"""Shows what kill points and runs have found, and writes it down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from local.chaos.finding import Finding
from local.chaos.kill_points import KillPointResult
from local.machine.tables import print_table

MOST_SHOWN = 20


class Run(Protocol):
    """The outcome of one seed of any system."""

    @property
    def seed(self) -> int: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    def as_json(self) -> dict[str, Any]: ...


def summary(
    runs: Sequence[Run], points: Sequence[KillPointResult], summed: Iterable[str]
) -> dict[str, Any]:
    """The whole report. The kill points run once, whatever the number of seeds.

    Args:
        summed: what of a run is added up over the runs
    """
    entries = [run.as_json() for run in runs]
    return {
        "runs": len(runs),
        "seed": [run.seed for run in runs],
        **{name: sum(entry[name] for entry in entries) for name in summed},
        "kill_points": len(points),
        "kill_points_hit": sum(point.hit for point in points),
        "kill_points_broken": sum(not point.holds for point in points),
        "kill_point_details": [asdict(point) for point in points],
        "details": entries,
    }


def write(path: Path, report: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def show(console: Console, report: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    """Print one row per run and every finding.

    Args:
        columns: what is shown of a run, with its heading
    """
    show_kill_points(console, report)
    rows = [[str(entry[name]) for name in columns] for entry in report["details"]]
    print_table(console, "What the ledger says", list(columns.values()), rows)
    findings = [
        (entry["seed"], words) for entry in report["details"] for words in entry["findings"]
    ]
    for seed, words in findings[:MOST_SHOWN]:
        console.print(f"seed {seed}: {words}", style="red", markup=False, soft_wrap=True)
    if len(findings) > MOST_SHOWN:
        console.print(f"… and {len(findings) - MOST_SHOWN} more in the report", style="red")


def show_kill_point(console: Console, point: KillPointResult) -> None:
    """Print the line of one kill point and its findings."""
    copies = f", {point.duplicates} copies" if point.duplicates else ""
    words = "holds" if point.holds else "BROKEN" if point.hit else "NOT HIT"
    console.print(f"  {point.point}: {words}{copies}", style="dim" if point.holds else "red")
    for broken in point.broken:
        console.print(f"    {broken}", style="red", markup=False, soft_wrap=True)


def show_kill_points(console: Console, report: Mapping[str, Any]) -> None:
    """Print the totals of the kill points."""
    total, hit, broken = (
        report[name] for name in ("kill_points", "kill_points_hit", "kill_points_broken")
    )
    style = "bold red" if broken else "bold"
    console.print(f"{hit} of {total} kill points hit, {broken} with a broken promise", style=style)
