"""Runs the measurements on the checkout's servers and writes `.local/bench.json`.

`ONLY=drain,relay_meta` runs some of them, of any system. Without it all run but those that take minutes
each. `PLOT=1` also draws the plots of the documents. A missed bar is reported but does not fail the run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from rich.console import Console

from local.bench.figures import Bars, Figures, show, write
from local.machine.checkout import Checkout
from local.services.running import ensure_services
from local.services.urls import ServiceUrls

Measurements = Mapping[str, Callable[..., Figures]]


class Suite(NamedTuple):
    """A system's measurements. Each gets what `template` opens."""

    template: Callable[[ServiceUrls], AbstractContextManager[Any]]
    measurements: Measurements
    bars: Bars
    long: frozenset[str] = frozenset()
    """Those that run only when they are named."""
    draw: Callable[[Any], None] | None = None
    """Measures what its plots show, and draws them."""


def run(suites: Sequence[Suite]) -> int:
    """Measure in this order, print a table, write the JSON."""
    console = Console(stderr=True)
    figures: Figures = {}
    wanted = chosen(os.environ.get("ONLY", ""), suites)
    bars = {name: bar for suite in suites for name, bar in suite.bars.items()}
    with ensure_services() as services:
        try:
            for suite, measurements in zip(suites, wanted, strict=True):
                if measurements:
                    _measure(suite, measurements, services.urls, figures, console)
        finally:  # what was measured before something failed is not lost
            show(figures, bars, Console())
            write(figures, bars, Checkout().state / "bench.json")
        if os.environ.get("PLOT"):
            for suite in suites:
                if suite.draw:
                    with suite.template(services.urls) as template:
                        suite.draw(template)
    return 0


def chosen(only: str, suites: Sequence[Suite]) -> list[Measurements]:
    """Each suite's measurements that shall run.

    Raises:
        SystemExit: there is none of such a name.
    """
    wanted = [name for name in only.split(",") if name]
    every = [name for suite in suites for name in suite.measurements]
    if unknown := ", ".join(name for name in wanted if name not in every):
        raise SystemExit(f"ONLY: no measurement {unknown}; there are {', '.join(every)}")
    return [
        {
            name: measurement
            for name, measurement in suite.measurements.items()
            if (name in wanted if wanted else name not in suite.long)
        }
        for suite in suites
    ]


def _measure(
    suite: Suite, measurements: Measurements, urls: ServiceUrls, figures: Figures, console: Console
) -> None:
    with suite.template(urls) as template:
        for name, measurement in measurements.items():
            started = time.monotonic()
            figures |= measurement(template)
            console.print(f"{name}: measured in {time.monotonic() - started:.0f} s")
