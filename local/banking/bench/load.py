"""Measures throughput and latency by load and by table size, for the plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local.banking.bench.backlog import write_pending
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.banking.bench.drains import seconds_to_drain
from local.banking.bench.notices import PER_SECOND, handled
from local.banking.bench.old_events import write_old
from local.bench.percentiles import p50_p99
from local.bench.timing import median

CREATES_PER_S = (25, 50, 100, 200, 300, 400, 500)
LOAD_SECONDS = 4
OLD_EVENTS = (1_000, 10_000, 100_000, 1_000_000)
PENDING = 10_000
Curves = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves with the same values on the horizontal axis."""

    name: str
    title: str
    axis: str
    places: Sequence[int]
    curves: Curves


def by_load(template: BenchTemplate) -> list[Plot]:
    """Creates on an open schedule in one process: the rate achieved and the delay."""
    throughput: Curves = {"arrived at the consumer": []}
    latency: Curves = {"p50": [], "p99": []}
    with template.copy() as database:
        for rate in CREATES_PER_S:
            run = handled(database, rate, LOAD_SECONDS)
            throughput["arrived at the consumer"].append(run.per_second)
            _add(latency, run.since_due)
    axis = "creates due per second, one process"
    return [
        Plot("throughput-by-load", "Events per second", axis, CREATES_PER_S, throughput),
        Plot(
            "latency-by-load",
            "From the time a create was due until the consumer has it (ms)",
            axis,
            CREATES_PER_S,
            latency,
        ),
    ]


def by_table(template: BenchTemplate) -> list[Plot]:
    """A drain, and notices at 100 creates a second, by the number of old events in the table."""
    throughput: Curves = {"drained": []}
    latency: Curves = {"p50": [], "p99": []}
    for size in OLD_EVENTS:
        with template.copy() as database:
            write_old(database.database_url, database.tenants, size)
            run = handled(database, PER_SECOND, LOAD_SECONDS)
            _add(latency, run.since_commit)
            throughput["drained"].append(_drained_per_s(database))
    axis = "old events in the table"
    return [
        Plot("throughput-by-table", "Drained events per second", axis, OLD_EVENTS, throughput),
        Plot(
            "latency-by-table",
            "From the commit until the consumer has it, at 100 creates a second (ms)",
            axis,
            OLD_EVENTS,
            latency,
        ),
    ]


def _add(latency: Curves, milliseconds: Sequence[float]) -> None:
    for name, figure in zip(("p50", "p99"), p50_p99(milliseconds), strict=True):
        latency[name].append(figure)


def _drained_per_s(database: BenchDatabase) -> float:
    rates = []
    for _ in range(3):
        write_pending(database.database_url, database.tenants, PENDING // 10, 10)
        rates.append(PENDING / seconds_to_drain(database.parts, PENDING))
        database.empty_queues()
    return median(rates)
