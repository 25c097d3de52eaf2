"""The servers and schedules as the first screen shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.banking.events.gauges import BREAKER_VALUES
from chalicelib.banking.overview.conditions import CONDITIONS
from chalicelib.banking.overview.waiting import seconds_since
from fintegrate.console.attention import Finding
from fintegrate.schedule_runs import MISSED_PERIODS, ScheduleRuns, ScheduleState
from fintegrate.system import Probe


class SystemState(NamedTuple):
    """What was seen of servers and schedules."""

    servers: list[dict[str, Any]]
    breaker: str
    schedules: Sequence[ScheduleState]
    periods: Mapping[str, float]

    def shown(self) -> dict[str, Any]:
        """What the answer has of it."""
        fields = ("name", "status", "last_success_at", "error")
        runs = [{name: getattr(run, name) for name in fields} for run in self.schedules]
        return {"servers": self.servers, "breaker": self.breaker, "schedules": runs}

    def findings(self, now: datetime, *, tenant: bool) -> Iterator[Finding]:
        """The conditions that servers meet, and for the operator also schedules."""
        away = CONDITIONS["server_away"]
        for server in self.servers:
            if away.is_met(server["status"] == "up"):
                yield Finding(away, None, server["name"])
        if CONDITIONS["breaker_open"].is_met(BREAKER_VALUES[self.breaker]):
            yield Finding(CONDITIONS["breaker_open"], None, "breaker")
        if tenant:
            return
        missed = CONDITIONS["schedule_missed"]
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
    every: Mapping[str, Probe], breaker: str, runs: ScheduleRuns, periods: Mapping[str, float]
) -> SystemState:
    """Ask the servers now; `periods` are those of the schedules, in seconds."""
    servers = [_asked(name, probe) for name, probe in every.items()]
    return SystemState(servers, breaker, runs.read(periods), periods)


def _asked(name: str, probe: Probe) -> dict[str, Any]:
    """Milliseconds are whole, so that an answer whose figures stay has the same version."""
    started = time.perf_counter()
    try:
        probe.ask()
    except Exception:  # of any kind: the server does not answer
        return {"name": name, "status": "down", "latency_ms": None}
    return {
        "name": name,
        "status": "up",
        "latency_ms": round((time.perf_counter() - started) * 1e3),
    }
