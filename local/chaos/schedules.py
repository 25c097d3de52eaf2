"""Runs scheduled functions every few seconds instead of minutes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from local.schedules.schedule_expression import every
from local.schedules.scheduler import ScheduledFunction, Scheduler


def scheduler_of(
    rates: Mapping[str, float], call: Callable[[str, dict[str, object]], object]
) -> Scheduler:
    """A scheduler that calls each name at its rate: seconds between two runs."""
    return Scheduler([ScheduledFunction(name, every(rate)) for name, rate in rates.items()], call)


def run_until_input_closes(*running: Scheduler) -> None:
    """Run them. Several processes that do so are schedules that overlap."""
    for each in running:
        each.start()
    sys.stdin.buffer.read()
    for each in running:
        each.stop()
