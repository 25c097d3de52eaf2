"""GET /health: whether this process reaches its servers, and whether the schedules run."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from chalicelib import systems
from chalicelib.operations.blueprint import operations
from chalicelib.operations.models import Health
from chalicelib.operations.schedules import read_states
from chalicelib.operations.wiring import endpoint
from fintegrate.errors import Unavailable
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.schedule_runs import ScheduleState
from fintegrate.system import Probe, System

_KEPT_SECONDS = 1.0
"""Each process asks the servers at most once in this time, because anybody may call the endpoint."""
_lock = threading.Lock()
_kept: tuple[float, dict[str, Any]] | None = None


@operations.route("/health", methods=["GET"])
@endpoint(Nothing, gives=Health, access=Access.PUBLIC)
def health(_call: Call[Nothing]) -> Answer:
    """Whether database, broker and cache are up, and the schedules on time.

    Each server with its latency, each schedule with its last run. Answers 503 when the database is
    away: then no request can be served.
    """
    state = _checked()
    first, *further = systems.served()
    away = [f"The {name} is" for name in _needed(first) if state[name]["status"] != "up"]
    away += [
        f"What {system.name} needs is"
        for system in further
        if state[system.name]["status"] == "down"
    ]
    if away:
        raise Unavailable(f"{away[0]} away; try again shortly")
    return Answer(state)


def _needed(system: System) -> list[str]:
    return [name for name, probe in system.probes().items() if probe.needed]


def _checked() -> dict[str, Any]:
    global _kept  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] >= _KEPT_SECONDS:
            state = _check()
            # Counted from the end of the check, so that those who waited for a slow check share it.
            _kept = (time.monotonic(), state)
        return _kept[1]


def _check() -> dict[str, Any]:
    first, *further = systems.served()
    configured = systems.configured()
    return {
        **_state_of(first),
        **{
            system.name: line_of(system) if system in configured else {"status": "not_configured"}
            for system in further
        },
    }


def line_of(system: System) -> dict[str, Any]:
    """A further system's line: whether the servers that it needs are up, all of them, its schedules."""
    state = _state_of(system)
    is_up = all(state[name]["status"] == "up" for name in _needed(system))
    return {"status": "up" if is_up else "down", **state}


def _state_of(system: System) -> dict[str, Any]:
    state = {name: _ask(probe) for name, probe in system.probes().items()}
    with suppress(Exception):  # the database is away, as its own probe says
        for states in read_states([system]).values():
            state["schedules"] = described(states)
    return state


def described(states: Sequence[ScheduleState]) -> dict[str, Any]:
    """Whether all schedules of a system run as they should, and the last run of each."""
    runs = {state.name: state._asdict() for state in states}
    for run in runs.values():
        del run["name"]
    found = {state.status for state in states}
    status = next((each for each in ("late", "failing") if each in found), "on_time")
    return {"status": status, "runs": runs}


def _ask(probe: Probe) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        probe.ask()
        status = "up"
    except Exception:  # of any kind: the server does not answer
        status = "down"
    milliseconds = (time.perf_counter() - started) * 1000
    return {"status": status, "latency_ms": round(milliseconds, 2), **probe.details()}
