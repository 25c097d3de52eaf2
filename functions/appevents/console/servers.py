"""The servers and schedules of app.events as the first screen shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.appevents.console.conditions import CONDITIONS
from fintegrate.console.attention import Finding
from fintegrate.schedule_runs import ScheduleRuns, ScheduleState
from fintegrate.system import Probe

CLOSED = "closed"


class SystemState(NamedTuple):
    """What was seen of servers and schedules."""

    servers: list[dict[str, Any]]
    breaker: str
    schedules: Sequence[ScheduleState]

    def shown(self) -> dict[str, Any]:
        """What the answer has of it. No schedule counts the ledger."""
        fields = ("name", "status", "last_success_at", "error")
        runs = [{name: getattr(run, name) for name in fields} for run in self.schedules]
        return {
            "servers": self.servers,
            "breaker": self.breaker,
            "schedules": runs,
            "reconciliation": None,
        }

    def findings(self, now: datetime) -> Iterator[Finding]:
        """The conditions that servers and schedules meet."""
        for server in self.servers:
            if CONDITIONS["server_away"].is_met(server["status"] == "up"):
                yield Finding(CONDITIONS["server_away"], None, server["name"])
        if CONDITIONS["breaker_open"].is_met(self.breaker != CLOSED):
            yield Finding(CONDITIONS["breaker_open"], None, "breaker")
        for run in self.schedules:
            if run.status == "late":
                since = run.last_success_at
                age = None if since is None else max((now - since).total_seconds(), 0.0)
                yield Finding(CONDITIONS["schedule_missed"], None, run.name, age=age, since=since)


def look(
    every: Mapping[str, Probe], breaker: str, runs: ScheduleRuns, periods: Mapping[str, float]
) -> SystemState:
    """Ask the servers now; `periods` are those of the schedules, in seconds."""
    servers = [_asked(name, probe) for name, probe in every.items()]
    return SystemState(servers, breaker, runs.read(periods))


def _asked(name: str, probe: Probe) -> dict[str, Any]:
    """Milliseconds are whole, so that an answer whose figures stay has the same version."""
    started = time.perf_counter()
    try:
        probe.ask()
    except Exception:  # of any kind: the server does not answer
        return {"name": name, "status": "down", "latency_ms": None}
    passed = round((time.perf_counter() - started) * 1e3)
    return {"name": name, "status": "up", "latency_ms": passed}
