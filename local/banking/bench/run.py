"""Runs the measurements on the checkout's servers and writes `.local/bench.json`.

`ONLY=drain,create` runs some of them. `PLOT=1` also draws the plots of docs/banking/performance.md. A
missed bar is reported but does not fail the run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from rich.console import Console

from local.banking.bench.figures import Figures, show, write
from local.machine.checkout import Checkout
from local.services.running import ensure_services


def run() -> int:
    """Measure, print a table, write the JSON."""
    from local.banking.bench.databases import BenchTemplate

    console = Console(stderr=True)
    figures: Figures = {}
    with ensure_services() as services, BenchTemplate(services.urls) as template:
        for name, measurement in _chosen().items():
            started = time.monotonic()
            figures |= measurement(template)
            console.print(f"{name}: measured in {time.monotonic() - started:.0f} s")
        show(figures, Console())
        write(figures, Checkout().state / "bench.json")
        if os.environ.get("PLOT"):
            from local.banking.bench.plots import draw

            draw(template)
    return 0


def _chosen() -> Mapping[str, Callable[..., Figures]]:
    wanted = [name for name in os.environ.get("ONLY", "").split(",") if name]
    every = _measurements()
    unknown = ", ".join(name for name in wanted if name not in every)
    if unknown:
        raise SystemExit(f"ONLY: no measurement {unknown}; there are {', '.join(every)}")
    return {name: every[name] for name in wanted} or every


def _measurements() -> Mapping[str, Callable[..., Figures]]:
    """All measurements. The one that fills the disk is last, so that its writes disturb no other."""
    from local.banking.bench import confirmations, creates, drains, growth, memory, model, notices

    return {
        "create": creates.create,
        "auth": creates.authentication,
        "outage": creates.outage,
        "confirm": confirmations.confirm,
        "notify": notices.notify,
        "drain": drains.drain,
        "model": model.model,
        "memory": memory.memory,
        "growth": growth.growth,
    }
