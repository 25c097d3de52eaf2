"""The schedules of the systems that this package serves, as health and metrics show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chalicelib.operations.blueprint import operations
from fintegrate.metrics import GaugeFamily
from fintegrate.schedule_runs import ScheduleState, periods
from fintegrate.system import System

States = Mapping[str, Sequence[ScheduleState]]
"""By the name of the system."""


def read_states(served: Sequence[System]) -> dict[str, list[ScheduleState]]:
    """The schedules of each system that has some."""
    found: dict[str, list[ScheduleState]] = {}
    for system in served:
        expected = periods(operations.current_app.event_sources, system.name)
        if system.schedule_runs and expected:
            found[system.name] = system.schedule_runs().read(expected)
    return found


def schedule_gauges(states: States) -> Iterator[GaugeFamily]:
    """When each schedule ran and ended well, how long it took, and whether it is as it should be."""
    every = [state for of_system in states.values() for state in of_system]
    yield GaugeFamily(
        "fintegrate_schedule_last_run_timestamp_seconds",
        "When the last run of a schedule ended, 0 if it never ran",
        {(state.name,): _seconds(state.last_run_at) for state in every},
        ("schedule",),
    )
    yield GaugeFamily(
        "fintegrate_schedule_last_success_timestamp_seconds",
        "When a run of a schedule last ended well, 0 if none did",
        {(state.name,): _seconds(state.last_success_at) for state in every},
        ("schedule",),
    )
    yield GaugeFamily(
        "fintegrate_schedule_last_run_seconds",
        "How long the last run of a schedule took",
        {(state.name,): state.last_run_seconds or 0.0 for state in every},
        ("schedule",),
    )
    yield GaugeFamily(
        "fintegrate_schedule_failing",
        "1 if the last run of a schedule failed, by the kind of its error",
        {(state.name, state.error or ""): float(bool(state.error)) for state in every},
        ("schedule", "error"),
    )
    yield GaugeFamily(
        "fintegrate_schedule_late",
        "1 if no run of a schedule ended well for three of its periods",
        {(state.name,): float(state.status == "late") for state in every},
        ("schedule",),
    )


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
