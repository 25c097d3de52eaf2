"""What every scheduled function has around it: a run id in the log and one summary line."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from fintegrate.logs import request_id

log = logging.getLogger(__name__)
Run = Callable[[Any], dict[str, Any]]


def scheduled(function: Run) -> Run:
    """Give a run its id and log what it did; a failure is logged and raised, so that it counts."""

    @wraps(function)
    def run(event: Any) -> dict[str, Any]:
        token = request_id.set(f"{function.__name__}-{uuid.uuid4()}")
        started = time.monotonic()
        try:
            summary = function(event)
            seconds = time.monotonic() - started
            log.info("%s: %s in %.2f s", function.__name__, _words(summary), seconds)
            return summary
        except Exception:
            log.exception("%s failed", function.__name__)
            raise
        finally:
            request_id.reset(token)

    return run


def _words(summary: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in summary.items())
