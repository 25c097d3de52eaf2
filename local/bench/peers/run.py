"""Runs the comparisons of all systems on the checkout's servers; writes `.local/bench-peers.json`."""

from __future__ import annotations

import json

from rich.console import Console

from local.banking.bench.peers import run as banking
from local.bench.peers.surroundings import surroundings
from local.bench.peers.virtualenv import peers_python
from local.machine.checkout import Checkout
from local.services.running import ensure_services


def run() -> int:
    """Measure, print the tables, write the JSON."""
    checkout, console = Checkout(), Console(highlight=False)
    python = str(peers_python(checkout))
    found: dict[str, object] = {}
    with ensure_services() as services, console.status("") as status:
        found["about"] = about = surroundings(services.urls)
        of_banking = banking.compare(services.urls, python, status.update)
        banking.show(of_banking, console)
        found |= of_banking
    console.print("; ".join(f"{name}: {value}" for name, value in about.items()))
    text = json.dumps(found, indent=1)
    (checkout.state / "bench-peers.json").write_text(f"{text}\n", encoding="utf-8")
    return 0
