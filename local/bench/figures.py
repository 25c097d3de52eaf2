"""The figures of a run: the table on the terminal and the JSON file.

Bars are promises. A figure without a bar is a floor or describes the conditions of another figure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from local.machine.tables import print_table

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """The limits that a figure must reach: `at_least`, `at_most`, or both."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        if self.at_least is None:
            return f"≤ {self.at_most:,g}"
        return f"≥ {self.at_least:,g}" + ("" if self.at_most is None else f", ≤ {self.at_most:,g}")


Bars = Mapping[str, Bar]


def write(figures: Figures, bars: Bars, path: Path) -> None:
    """Write the JSON: every figure by name, and under `bars` each limit and whether it holds."""
    held = {
        name: {"bar": str(bar), "value": figures[name], "holds": bar.holds(figures[name])}
        for name, bar in bars.items()
        if name in figures
    }
    path.write_text(json.dumps({**figures, "bars": held}, indent=1, ensure_ascii=False) + "\n")


def show(figures: Figures, bars: Bars, console: Console) -> None:
    rows = []
    for name, value in figures.items():
        bar = bars.get(name)
        verdict = "" if bar is None else "yes" if bar.holds(value) else "[bold red]NO[/bold red]"
        rows.append([name, _words(value), str(bar or ""), verdict])
    print_table(console, "make bench", ["figure", "value", "bar", "holds"], rows)


def _words(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.2f}"
