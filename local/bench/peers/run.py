"""Runs comparisons on the checkout's servers and writes `.local/bench-peers.json`.

`ONLY=relay` runs one system's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from local.bench.peers.surroundings import surroundings
from local.bench.peers.virtualenv import peers_python
from local.machine.checkout import Checkout
from local.services.running import ensure_services
from local.services.urls import ServiceUrls

Compare = Callable[[ServiceUrls, str, Console], Mapping[str, Any]]
"""Compares, prints its tables and returns its figures; gets the peers' interpreter."""


def run(systems: Mapping[str, Compare]) -> int:
    """Measure, print the tables, write the JSON."""
    checkout, console = Checkout(), Console(highlight=False)
    only = os.environ.get("ONLY", "")
    python = str(peers_python(checkout))
    with ensure_services() as services:
        found: dict[str, Any] = {"about": surroundings(services.urls)}
        for system, compare in systems.items():
            if only in ("", system):
                found |= compare(services.urls, python, console)
    console.print("; ".join(f"{name}: {value}" for name, value in found["about"].items()))
    text = json.dumps(found, indent=1)
    (checkout.state / "bench-peers.json").write_text(f"{text}\n", encoding="utf-8")
    return 0
