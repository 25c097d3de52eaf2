"""The decorator of scheduled functions: a run id in the log, one summary line, metrics, a record."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from fintegrate.logs import request_id
from fintegrate.metrics import SCHEDULE_RUNS, SCHEDULE_SECONDS
from fintegrate.metrics_store import Metrics
from fintegrate.schedule_runs import ScheduleRuns

log = logging.getLogger(__name__)
Run = Callable[[Any], dict[str, Any]]


def schedules(
    metrics: Callable[[], Metrics], runs: Callable[[], ScheduleRuns]
) -> Callable[[Run], Run]:
    """Make the decorator of a system's scheduled functions.

    It gives each run an id, logs its summary and writes the run down. A failure is logged and raised, so
    that Lambda counts it. `metrics` and `runs` are called per run, never at import.
    """

    def scheduled(function: Run) -> Run:
        name = function.__name__

        @wraps(function)
        def run(event: Any) -> dict[str, Any]:
            run_id = f"{name}-{uuid.uuid4()}"
            token = request_id.set(run_id)
            started = time.monotonic()
            error: BaseException | None = None
            try:
                summary = function(event)
                log.info("%s: %s in %.2f s", name, _text(summary), time.monotonic() - started)
                return summary
            except BaseException as failure:  # also sys.exit, which is no success
                error = failure
                log.exception("%s failed", name)
                raise
            finally:
                seconds = time.monotonic() - started
                _note(runs, name, run_id, seconds, error)
                _count(metrics, name, "failed" if error else "succeeded", seconds)
                request_id.reset(token)

        return run

    return scheduled


def _note(
    load: Callable[[], ScheduleRuns],
    name: str,
    run_id: str,
    seconds: float,
    error: BaseException | None,
) -> None:
    with suppress(Exception):  # the settings are wrong, which the run itself has said
        load().note(name, run_id, seconds, error)


def _count(load: Callable[[], Metrics], name: str, outcome: str, seconds: float) -> None:
    try:
        metrics = load()
    except Exception:
        return
    metrics.began_with(name)
    metrics.count(SCHEDULE_RUNS, name, outcome)
    metrics.observe(SCHEDULE_SECONDS, name, outcome, value=seconds)
    metrics.flush()


def _text(summary: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in summary.items())
