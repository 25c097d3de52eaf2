"""Runs banking's comparison and prints it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from local.banking.bench.peers.contestants import alone, in_pairs
from local.banking.bench.peers.creates import measure_creates
from local.banking.bench.peers.drains import Figures, measure_drains
from local.banking.bench.peers.preparation import prepare
from local.machine.tables import print_table
from local.services.urls import ServiceUrls

ROUNDS, PAIR_ROUNDS = 3, 1


def compare(urls: ServiceUrls, python: str, console: Console) -> dict[str, Sequence[Figures]]:
    """Measure drains, drains in pairs, and creates, and print them; the figures of each contestant."""
    with prepare(urls, python) as comparison, console.status("creates") as status:
        creates = measure_creates(comparison)
        comparison.queues.empty()
        drains = measure_drains(comparison, alone(python), ROUNDS, status.update)
        pairs = measure_drains(comparison, in_pairs(python), PAIR_ROUNDS, status.update)
    show_drains("draining the same backlog, confirms on", drains, console)
    show_drains("two instances at once", pairs, console)
    show_creates(creates, console)
    return {"drains": drains, "pairs": pairs, "creates": creates}


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
