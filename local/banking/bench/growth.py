"""Measures whether the size of the table changes the cost of finding and draining events."""

from __future__ import annotations

import os

from local.banking.bench.backlog import write_pending
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.banking.bench.drains import seconds_to_drain
from local.banking.bench.old_events import write_old
from local.bench.figures import Figures
from local.bench.timing import median

FEW = 10_000
MANY = int(os.environ.get("BENCH_OLD_EVENTS", "5_000_000"))
PENDING = 1_000
ROUNDS = 15


def growth(template: BenchTemplate) -> Figures:
    """Drain 1,000 pending events among millions of old ones and among thousands, in turns."""
    with template.copy("few") as few, template.copy("many") as many:
        for database, old in ((few, FEW), (many, MANY)):
            write_old(database.database_url, database.tenants, old)
        times = _drained_in_turns(few, many)
    return {
        "growth_old_events": float(MANY),
        "growth_few_ms": 1000 * median(times[0]),
        "growth_many_ms": 1000 * median(times[1]),
        "drain_growth": median(times[1]) / median(times[0]),
    }


def _drained_in_turns(*databases: BenchDatabase) -> tuple[list[float], ...]:
    times: tuple[list[float], ...] = tuple([] for _ in databases)
    for number in range(ROUNDS + 1):
        for database, taken in zip(databases, times, strict=True):
            write_pending(database.database_url, database.tenants, PENDING)
            seconds = seconds_to_drain(database.parts, PENDING)
            if number:  # the first round connects and is not counted
                taken.append(seconds)
    return times
