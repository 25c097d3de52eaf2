"""The layer's families of metrics, and the types with which a system describes its own.

Names lack the system's prefix. `fintegrate.metrics_store` counts, `fintegrate.exposition` writes the
text. Imports nothing that a request does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

OTHER = "other"
"""Replaces the values of a label beyond its limit."""


class Counted(NamedTuple):
    """A family that processes write: a counter, a histogram (it has buckets) or the last set value."""

    name: str
    description: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    is_set: bool = False


class GaugeFamily(NamedTuple):
    """A gauge that is read on demand: its values by the values of its labels."""

    name: str
    description: str
    values: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()


REQUESTS = Counted(
    "requests_total", "Requests by endpoint and status", ("route", "method", "status")
)
REQUEST_SECONDS = Counted(
    "request_seconds",
    "From the request's arrival in the function to its answer",
    ("route", "method"),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 30),
)
RATE_LIMITED = Counted("rate_limited_total", "Requests refused by a rate limit", ("layer",))
AUTH_REFUSALS = Counted(
    "auth_refusals_total", "Requests whose credentials were refused", ("reason",)
)
AUDIT_LEFT_OUT = Counted(
    "audit_left_out_total", "Refusals that the audit log had no room for in their minute", ("key",)
)
IDEMPOTENCY = Counted(
    "idempotency_total", "Requests with an idempotency key, by what it led to", ("outcome",)
)
COLD_STARTS = Counted(
    "cold_starts_total", "Processes, by the function they began with", ("function",)
)
SCHEDULE_RUNS = Counted(
    "schedule_runs_total", "Runs of a scheduled function", ("schedule", "outcome")
)
SCHEDULE_SECONDS = Counted(
    "schedule_seconds",
    "How long a run of a scheduled function took",
    ("schedule", "outcome"),
    (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 240),
)
OF_THE_LAYER = (
    REQUESTS,
    REQUEST_SECONDS,
    RATE_LIMITED,
    AUTH_REFUSALS,
    AUDIT_LEFT_OUT,
    IDEMPOTENCY,
    COLD_STARTS,
    SCHEDULE_RUNS,
    SCHEDULE_SECONDS,
)
