"""Measures the console's page in Chromium: `make bench ONLY=console_page`.

Behind it are the store and the API as it is served.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console

from chalicelib.banking.wiring import parts
from local.banking.bench.console.creating import creating
from local.banking.bench.console.hour import Hour, hour
from local.banking.bench.console.report import tell_page
from local.banking.bench.console.store import LARGEST, Store
from local.banking.bench.console.visitor import Shown, Visitor
from local.banking.bench.console.visits import opened, pressed, views, visits
from local.banking.tenant_queues import remove_queues
from local.bench.chromium import missing, running_chromium
from local.bench.figures import Figures
from local.bench.percentiles import p50_p95
from local.serving.server import Server, start_server

SERVER = {
    "SCHEDULER": "off",
    "RATE_LIMIT_IP_PER_MINUTE": "6000000",
    "RATE_LIMIT_SESSION_PER_MINUTE": "6000000",
    "RATE_LIMIT_SESSION_BURST": "1000000",
}
"""Without limits: the page's clock runs faster than theirs."""


def console_page(store: Store) -> Figures:
    """Measure all of it, and print a table. Without Chromium there is no figure."""
    said = Console(stderr=True)
    if lacking := missing():
        said.print(
            f"console_page: [bold red]not measured[/bold red], {lacking} is missing: make setup"
        )
        return {}
    figures: Figures = {"console_page_store_events": float(store.counts["events"])}
    rows: dict[str, Sequence[Shown]] = {}
    try:
        with _served() as server, running_chromium() as browser:
            visitor = Visitor(browser, server.base_url, store.admin_key)
            figures |= _waits(visitor, rows)
            with creating(server.base_url, store.bank_key) as rate:
                lived = hour(visitor)
            figures |= {**of_hour(lived), "console_hour_creates_per_s": rate()}
            for words in lived.shifts:
                said.print(f"layout shift {words}", markup=False)
    finally:  # what was measured before something failed is not lost
        tell_page(rows)
    return figures


def summed_up(name: str, taken: Sequence[Shown]) -> Figures:
    """Median and p95, and the median of the time in which requests were under way."""
    p50, p95 = p50_p95([one.ms for one in taken])
    asked, _ = p50_p95([one.asked for one in taken])
    return {f"{name}_ms": p50, f"{name}_p95_ms": p95, f"{name}_asked_ms": asked}


def _waits(visitor: Visitor, rows: dict[str, Sequence[Shown]]) -> Figures:
    """What a person waits for; `rows` gets the measured times by name."""
    visited, shift = visits(visitor)
    rows |= {"a small file (floor)": visited["floor"]}
    rows |= {"Now, first visit": visited["first"], "Now, cached": visited["cached"]}
    first, again = views(visitor)
    rows |= {f"to {name}": taken for name, taken in first.items()}
    rows |= {f"to {name}, again": taken for name, taken in again.items()}
    rows |= {"open an event": opened(visitor)}
    keys = pressed(visitor)
    rows |= {f"key {key}": taken for key, taken in keys.items()}
    every = {
        "console_page_floor": visited["floor"],
        "console_now_first_visit": visited["first"],
        "console_now_cached": visited["cached"],
        "console_view_to_view": _together(first),
        "console_view_again": _together(again),
        "console_open_event": rows["open an event"],
        "console_key_to_effect": _together(keys),
    }
    figures = {"console_now_first_visit_cls": shift}
    for name, taken in every.items():
        figures |= summed_up(name, taken)
    return figures


def _together(taken: Mapping[str, Sequence[Shown]]) -> list[Shown]:
    return [one for each in taken.values() for one in each]


def of_hour(lived: Hour) -> Figures:
    return {
        "console_hour_cls": lived.cls,
        "console_hour_long_tasks": float(lived.long_tasks),
        "console_hour_longest_task_ms": lived.longest_ms,
        "console_hour_heap_mb": lived.ended.heap,
        "console_hour_heap_growth_mb": lived.ended.heap - lived.begun.heap,
        "console_hour_nodes_growth": lived.ended.nodes - lived.begun.nodes,
        "console_hour_polls": float(lived.polls),
        "console_hour_fresh_polls": float(lived.fresh),
        "console_hour_cpu_ms_per_poll": lived.cpu_ms,
        "console_hour_real_s": lived.seconds,
    }


@contextmanager
def _served() -> Iterator[Server]:
    """The API on the store, with queues of the bank whose customers are created."""
    own = parts()
    own.declare_queues([{"consumer_name": LARGEST}])
    try:
        with start_server({**os.environ, **SERVER}) as server:
            yield server
    finally:
        remove_queues(own.settings.rabbitmq_url, [LARGEST])
