"""What this process counts, in the Prometheus text format.

Counters are the process's own; what is true for the whole system (how much is pending, how old) is
read from the database when `/metrics` is asked, by the service that owns the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "fintegrate_requests_total",
    "Requests by endpoint and status",
    ["method", "path", "status"],
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "fintegrate_request_seconds",
    "Time in the handler, by endpoint",
    ["method", "path"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 30),
    registry=REGISTRY,
)
PUBLISHED = Counter(
    "fintegrate_publish_outcomes_total",
    "Messages handed to the broker, by what became of them",
    ["outcome"],
    registry=REGISTRY,
)


class GaugeFamily(NamedTuple):
    """A gauge that is read when it is asked for: its values by those of its labels."""

    name: str
    description: str
    values: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()


def exposition(families: Iterable[GaugeFamily]) -> str:
    """The text of `/metrics`: this process's metrics and the gauges of `families`."""
    registry = CollectorRegistry()
    for family in families:
        gauge = Gauge(family.name, family.description, family.labels, registry=registry)
        for labels, value in family.values.items():
            (gauge.labels(*labels) if labels else gauge).set(value)
    return generate_latest(REGISTRY).decode() + generate_latest(registry).decode()
