"""Draws the plots of docs/banking/performance.md as SVG that loads nothing: `make bench PLOT=1`."""

from __future__ import annotations

from pathlib import Path

import pygal
from pygal.style import CleanStyle

from local.banking.bench.databases import BenchTemplate
from local.banking.bench.load import Plot, by_load, by_table
from local.machine.checkout import ROOT


def draw(template: BenchTemplate, folder: Path = ROOT / "docs" / "banking" / "plots") -> None:
    """Measure what the plots show, and write the files."""
    folder.mkdir(exist_ok=True)
    for plot in (*by_load(template), *by_table(template)):
        _chart(plot).render_to_file(str(folder / f"{plot.name}.svg"))


def _chart(plot: Plot) -> pygal.Line:
    chart = pygal.Line(
        title=plot.title,
        x_title=plot.axis,
        style=CleanStyle,
        js=(),
        width=720,
        height=400,
        legend_at_bottom=True,
        pretty_print=True,
        range=(0, max(max(curve) for curve in plot.curves.values()) * 1.1),
    )
    chart.x_labels = [f"{place:,}" for place in plot.places]
    for name, curve in plot.curves.items():
        chart.add(name, [round(value, 2) for value in curve])
    return chart
