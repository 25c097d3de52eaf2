"""Measures the drain's cost per event on each program, on all processors and on one.

A model of the drain needs these figures.
"""

from __future__ import annotations

from functools import partial

from local.banking.bench.backlog import write_pending
from local.banking.bench.databases import BenchTemplate
from local.banking.bench.drains import CUSTOMERS, EVENTS, seconds_to_drain
from local.bench.figures import Figures
from local.bench.processors import microseconds_of, pinned, servers
from local.bench.timing import seconds_of


def model(template: BenchTemplate) -> Figures:
    """Microseconds of processor time per event, and events per second on one processor."""
    programs = servers(template.urls)
    with template.copy() as database:
        write_pending(database.database_url, database.tenants, CUSTOMERS, EVENTS // CUSTOMERS)
        drain = partial(seconds_to_drain, database.parts, EVENTS)
        costs = microseconds_of(drain, programs, EVENTS)
    figures = {f"drain_{name}": cost for name, cost in costs.items()}
    with template.copy() as database, pinned(programs, 1):
        write_pending(database.database_url, database.tenants, CUSTOMERS, EVENTS // CUSTOMERS)
        seconds = seconds_of(partial(seconds_to_drain, database.parts, EVENTS))
    return {
        **figures,
        "drain_one_core_per_s": EVENTS / seconds,
        "drain_one_core_predicted_per_s": 1e6 / sum(costs.values()),
    }
