"""The last run of each schedule of a system, kept in its database, so that a failing one is seen.

The table `schedule_runs` belongs to the system's migrations; the `.sql` file has its definition. The
decorator (`fintegrate.scheduled`) writes it, `GET /health` and `GET /metrics` read it. Which schedules
there are, and how often each runs, the app knows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from fintegrate.database import Database, NoAnswer
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MISSED_PERIODS = 3
"""A schedule without a success for so many of its periods is late."""
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}

log = logging.getLogger(__name__)
Status = Literal["on_time", "failing", "late"]


class ScheduleState(NamedTuple):
    """One schedule: its last run, and whether it is as it should be."""

    name: str
    status: Status
    """`failing`: its last run failed; `late`: no run ended well for `MISSED_PERIODS`."""
    last_run_at: datetime | None
    last_run_seconds: float | None
    last_success_at: datetime | None
    error: str | None
    """The kind of the last run's error."""


class ScheduleRuns:
    """Writes and reads the runs in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, schedule: str, run_id: str, seconds: float, error: BaseException | None) -> None:
        """Write a run down. Never raises: the schedule is worth more than the record of its run."""
        if isinstance(error, NoAnswer):
            return  # nobody would answer now either, and the function's time is nearly over
        run = {
            "schedule": schedule,
            "run_id": run_id,
            "seconds": seconds,
            "error": type(error).__name__ if error else None,
        }
        try:
            self._database.fetch_all(SQL["note_run"], run, revive=True)
        except Exception as failure:
            log.warning("the run of %s was not noted: %s", schedule, type(failure).__name__)

    def read(self, periods: Mapping[str, float]) -> list[ScheduleState]:
        """The schedules of these names, each with its period in seconds."""
        wanted = {"schedules": list(periods)}
        rows = self._database.fetch_all(SQL["read_runs"], wanted, revive=True)
        if len(rows) < len(periods):
            self._database.fetch_all(SQL["expect"], wanted, revive=True)
            rows = self._database.fetch_all(SQL["read_runs"], wanted, revive=True)
        return [_state(row, periods[row["schedule"]]) for row in rows]


def periods(sources: Iterable[Any], system: str) -> dict[str, float]:
    """The schedules of a system among an app's event sources, and the period of each in seconds.

    AWS finds a function in its system's module `chalicelib.<system>.handlers`. A schedule with a
    `cron(…)` expression is taken for a daily one.
    """
    return {
        source.name: _period(source.schedule_expression)
        for source in sources
        if hasattr(source, "schedule_expression")
        and source.handler_string.startswith(f"chalicelib.{system}.")
    }


def _period(expression: Any) -> float:
    text = expression if isinstance(expression, str) else expression.to_string()
    match = _RATE.fullmatch(text)
    return int(match[1]) * _SECONDS[match[2]] if match else _SECONDS["day"]


def _state(row: Mapping[str, Any], period: float) -> ScheduleState:
    status: Status = "failing" if row["last_error"] else "on_time"
    if row["without_success_seconds"] > MISSED_PERIODS * period:
        status = "late"
    return ScheduleState(
        row["schedule"],
        status,
        row["last_run_at"],
        row["last_run_seconds"],
        row["last_success_at"],
        row["last_error"],
    )
