"""The servers and schedules of a system as the first screen shows them.

Leaves to the system which servers it has, how each is asked, and its table of conditions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from typing_extensions import TypedDict

from fintegrate.breaker import VALUES, State
from fintegrate.console.ages import seconds_since
from fintegrate.console.attention import Finding
from fintegrate.console.conditions import Condition
from fintegrate.http.validation import Described
from fintegrate.schedule_runs import MISSED_PERIODS, ScheduleRuns, ScheduleState


class Server(TypedDict):
    """A server, as the answering process sees it."""

    name: Annotated[str, Described("Which", "database")]
    status: Literal["up", "down"]
    latency_ms: Annotated[int | None, Described("Milliseconds until it answered", 1)]


class ScheduleLine(TypedDict):
    """A schedule and its last run."""

    name: Annotated[str, Described("Which", "resend")]
    status: Literal["on_time", "failing", "late"]
    last_success_at: Annotated[
        datetime | None, Described("When one last succeeded", "2026-11-26T02:47:00+00:00")
    ]
    error: Annotated[str | None, Described("The kind of the last run's error", None)]


class LastLedger(TypedDict):
    """The last scheduled count of the ledger."""

    taken_at: Annotated[datetime, Described("When", "2026-11-26T02:31:00+00:00")]
    balanced: bool
    discrepancies: Annotated[int, Described("What should not be there", 0)]


class SystemHealth(TypedDict):
    """Servers, schedules and the ledger."""

    servers: list[Server]
    breaker: State
    schedules: list[ScheduleLine]
    reconciliation: LastLedger | None


class SystemState(NamedTuple):
    """What was seen of servers and schedules."""

    servers: list[dict[str, Any]]
    breaker: State
    schedules: Sequence[ScheduleState]
    periods: Mapping[str, float]

    def shown(self) -> dict[str, Any]:
        """What the answer has of it."""
        fields = ("name", "status", "last_success_at", "error")
        runs = [{name: getattr(run, name) for name in fields} for run in self.schedules]
        return {"servers": self.servers, "breaker": self.breaker, "schedules": runs}

    def findings(
        self, conditions: Mapping[str, Condition], now: datetime, *, with_schedules: bool = True
    ) -> Iterator[Finding]:
        """Which of `server_away`, `breaker_open` and `schedule_missed` are met."""
        away = conditions["server_away"]
        for server in self.servers:
            if away.is_met(server["status"] == "up"):
                yield Finding(away, None, server["name"])
        if conditions["breaker_open"].is_met(VALUES[self.breaker]):
            yield Finding(conditions["breaker_open"], None, "breaker")
        if not with_schedules:
            return
        missed = conditions["schedule_missed"]
        for run in self.schedules:
            age = seconds_since(run.last_success_at, now)
            if missed.is_met(missed_periods(run, age, self.periods[run.name])):
                yield Finding(missed, None, run.name, age=age, since=run.last_success_at)


def missed_periods(run: ScheduleState, age: float | None, period: float) -> float:
    """How many of its periods a schedule has gone without a success, by what `GET /health` says."""
    passed = MISSED_PERIODS if age is None else age / period
    return (
        max(passed, MISSED_PERIODS + 1e-6) if run.status == "late" else min(passed, MISSED_PERIODS)
    )


def look(
    every: Mapping[str, Callable[[], object]],
    breaker: State,
    runs: ScheduleRuns,
    periods: Mapping[str, float],
) -> SystemState:
    """Ask the servers now, each by its function; `periods` are those of the schedules, in seconds."""
    servers = [_asked(name, ask) for name, ask in every.items()]
    return SystemState(servers, breaker, runs.read(periods), periods)


def _asked(name: str, ask: Callable[[], object]) -> dict[str, Any]:
    """Milliseconds are whole, so that an answer whose figures stay has the same version."""
    started = time.perf_counter()
    try:
        ask()
    except Exception:  # of any kind: the server does not answer
        return {"name": name, "status": "down", "latency_ms": None}
    return {
        "name": name,
        "status": "up",
        "latency_ms": round((time.perf_counter() - started) * 1e3),
    }
