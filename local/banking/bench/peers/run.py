"""Runs the comparison on the checkout's servers and writes `.local/bench-peers.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console

from local.banking.bench.peers.contestants import alone, in_pairs
from local.banking.bench.peers.creates import measure_creates
from local.banking.bench.peers.drains import Figures, measure_drains
from local.banking.bench.peers.preparation import prepare
from local.banking.bench.peers.surroundings import surroundings
from local.banking.bench.peers.virtualenv import peers_python
from local.machine.checkout import Checkout
from local.machine.tables import print_table
from local.services.running import ensure_services

ROUNDS, PAIR_ROUNDS = 3, 1


def run() -> int:
    """Measure, print the tables, write the JSON."""
    checkout, console = Checkout(), Console(highlight=False)
    python = str(peers_python(checkout))
    with ensure_services() as services, console.status("creates") as status:
        about = surroundings(services.urls)
        with prepare(services.urls, python) as comparison:
            creates = measure_creates(comparison)
            comparison.queues.empty()
            drains = measure_drains(comparison, alone(python), ROUNDS, status.update)
            pairs = measure_drains(comparison, in_pairs(python), PAIR_ROUNDS, status.update)
    show_drains("draining the same backlog, confirms on", drains, console)
    show_drains("two instances at once", pairs, console)
    show_creates(creates, console)
    console.print("; ".join(f"{name}: {value}" for name, value in about.items()))
    text = json.dumps(
        {"about": about, "drains": drains, "pairs": pairs, "creates": creates}, indent=1
    )
    (checkout.state / "bench-peers.json").write_text(f"{text}\n", encoding="utf-8")
    return 0


def show_drains(title: str, drains: Sequence[Figures], console: Console) -> None:
    """Print a row for each relay."""
    headings = ["relay", "events/s", "CPU ms", "done", "overtaken", "twice", "lost"]
    rows = [
        [
            str(d["name"]),
            f"{d['events_per_s']:,.0f}",
            f"{d['cpu_ms_per_event']:.2f}",
            f"{float(d['drained']) / float(d['offered']):.0%}",
            f"{d['overtaken']:,}",
            f"{d['repeated']:,}",
            f"{d['lost']:,}",
        ]
        for d in drains
    ]
    print_table(console, title, headings, rows)


def show_creates(creates: Sequence[Figures], console: Console) -> None:
    """Print a row for each way to create a customer."""
    headings = ["create", "p50 ms", "per second", "CPU ms"]
    rows = [
        [
            str(c["name"]),
            f"{c['create_ms']:.2f}",
            f"{c['creates_per_s']:,.1f}",
            f"{c['cpu_ms_per_create']:.2f}",
        ]
        for c in creates
    ]
    print_table(console, "creating, one at a time", headings, rows)
