"""Figures one by one: a file of all requests, tables of those nearest to their bars and of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Console

from local.banking.bench.console.bars import BARS_MS
from local.banking.bench.console.turns import Taken
from local.banking.bench.console.visitor import Shown
from local.bench.percentiles import p50_p95
from local.machine.checkout import Checkout
from local.machine.tables import print_table

SHOWN = 15
COLUMNS = ("p50_ms", "p95_ms", "floor_p50_ms", "cpu_ms", "database_cpu_ms")


def tell(taken: Mapping[str, Sequence[Taken]]) -> None:
    """Write and print; `taken` is by kind."""
    every = [
        {"kind": kind, "request": each.name, "bar_ms": BARS_MS.get(kind), **_figures(each)}
        for kind, of_kind in taken.items()
        for each in of_kind
    ]
    text = json.dumps(every, indent=1, ensure_ascii=False)
    (Checkout().state / "bench-console.json").write_text(text + "\n")
    with_bar = [(BARS_MS[kind], each) for kind in taken if kind in BARS_MS for each in taken[kind]]
    with_bar.sort(key=lambda both: both[1].p95 / both[0], reverse=True)
    rows = [
        [each.name, *(f"{ms:.1f}" for ms in _figures(each).values()), f"{bar:g}"]
        for bar, each in with_bar[:SHOWN]
    ]
    headings = ["request", *COLUMNS, "bar"]
    print_table(Console(stderr=True), "nearest to their bars", headings, rows)


def tell_page(taken: Mapping[str, Sequence[Shown]]) -> None:
    """Print what a person before the page waited for; `taken` is by what that was."""
    rows = []
    for name, each in taken.items():
        p50, p95 = p50_p95([one.ms for one in each])
        asked, _ = p50_p95([one.asked for one in each])
        rows.append([name, str(len(each)), *(f"{ms:.1f}" for ms in (p50, p95, asked))])
    headings = ["until it is on the screen", "times", "p50_ms", "p95_ms", "asked_p50_ms"]
    print_table(Console(stderr=True), "before the page", headings, rows)


def _figures(taken: Taken) -> dict[str, float]:
    figures = (
        taken.p50,
        taken.p95,
        median(call.passed for call in taken.floor),
        median(call.spent for call in taken.calls),
        median(call.database for call in taken.calls),
    )
    return dict(zip(COLUMNS, figures, strict=True))
