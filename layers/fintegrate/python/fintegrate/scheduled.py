"""The decorator of scheduled functions: a run id in the log, one summary line, metrics."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from fintegrate.logs import request_id
from fintegrate.metrics import SCHEDULE_LAST_SUCCESS, SCHEDULE_RUNS, SCHEDULE_SECONDS
from fintegrate.metrics_store import Metrics

log = logging.getLogger(__name__)
Run = Callable[[Any], dict[str, Any]]


def schedules(metrics: Callable[[], Metrics]) -> Callable[[Run], Run]:
    """Make the decorator of a system's scheduled functions.

    It gives each run an id and logs its summary. A failure is logged and raised, so that Lambda counts
    it. `metrics` is called per run, never at import.
    """

    def scheduled(function: Run) -> Run:
        name = function.__name__

        @wraps(function)
        def run(event: Any) -> dict[str, Any]:
            token = request_id.set(f"{name}-{uuid.uuid4()}")
            started, outcome = time.monotonic(), "failed"
            try:
                summary = function(event)
                outcome = "succeeded"
                log.info("%s: %s in %.2f s", name, _text(summary), time.monotonic() - started)
                return summary
            except Exception:
                log.exception("%s failed", name)
                raise
            finally:
                _count(metrics, name, outcome, time.monotonic() - started)
                request_id.reset(token)

        return run

    return scheduled


def _count(load: Callable[[], Metrics], name: str, outcome: str, seconds: float) -> None:
    try:
        metrics = load()
    except Exception:
        return
    metrics.began_with(name)
    metrics.count(SCHEDULE_RUNS, name, outcome)
    metrics.observe(SCHEDULE_SECONDS, name, outcome, value=seconds)
    if outcome == "succeeded":
        metrics.set(SCHEDULE_LAST_SUCCESS, name, value=time.time())
    metrics.flush()


def _text(summary: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in summary.items())
