"""Fires scheduled functions as EventBridge does, each in its own thread, never beside itself.

A run that lasts longer than its period makes the runs that it covers be left out. A run
that fails is logged and the next one comes at its time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from local.aws_shapes.scheduled_event import scheduled_event
from local.schedules.schedule_expression import Schedule, parse

if TYPE_CHECKING:
    from chalice.app import Chalice

log = logging.getLogger(__name__)
LONGEST_WAIT_SECONDS = threading.TIMEOUT_MAX
WOKEN_EARLY = timedelta(seconds=1)


@dataclass(frozen=True)
class ScheduledFunction:
    """A function and when it runs."""

    name: str
    schedule: Schedule


def scheduled_functions(app: Chalice) -> list[ScheduledFunction]:
    """What the app runs on a schedule."""
    found = []
    for source in app.event_sources:
        expression = getattr(source, "schedule_expression", None)
        if expression is not None:
            text = expression if isinstance(expression, str) else expression.to_string()
            found.append(ScheduledFunction(source.name, parse(text)))
    return found


def _now() -> datetime:
    return datetime.now(UTC)


class Scheduler:
    """Runs the functions in background threads from `start` to `stop`.

    Args:
        call: calls the function of that name with an event, in the thread it is called from
    """

    def __init__(
        self,
        functions: Iterable[ScheduledFunction],
        call: Callable[[str, dict[str, Any]], object],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._call = call
        self._now = now
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(f,), name=f"schedule {f.name}", daemon=True)
            for f in functions
        ]

    def start(self) -> None:
        """Begin to count; the first run of a rate comes after one period, as in AWS."""
        for thread in self._threads:
            thread.start()

    def stop(self, within: float = 5) -> None:
        """Fire no more and wait that many seconds for runs under way."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:  # started
                thread.join(within)

    def _run(self, function: ScheduledFunction) -> None:
        now = self._now()
        while True:
            moment = function.schedule.following(now)
            wait = (moment - now).total_seconds()
            if self._stopping.wait(max(0.0, min(wait, LONGEST_WAIT_SECONDS))):
                return
            self._fire(function.name, moment)
            now = self._now_after(moment)

    def _now_after(self, moment: datetime) -> datetime:
        """The time now; what is only just before the moment that fired counts as that moment.

        Long before it means that the clock was set back, and the schedule goes by the new time.
        """
        now = self._now()
        return moment if timedelta(0) < moment - now < WOKEN_EARLY else now

    def _fire(self, name: str, moment: datetime) -> None:
        try:
            self._call(name, scheduled_event(name, moment))
        except Exception:
            log.exception("scheduled function %s failed", name)
