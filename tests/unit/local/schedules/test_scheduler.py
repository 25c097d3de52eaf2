from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from chalice import Chalice
from chalice.app import Rate

from local.schedules.schedule_expression import Schedule
from local.schedules.scheduler import ScheduledFunction, Scheduler, scheduled_functions

SOON = Schedule("soon", lambda moment: moment + timedelta(milliseconds=1))
SECONDS = 10


Call = Callable[[str, dict[str, Any]], None]
Run = Callable[..., Scheduler]


@pytest.fixture
def run() -> Iterator[Run]:
    """Starts a scheduler of one function that fires all the time."""
    started: list[Scheduler] = []

    def start(call: Call, **options: Any) -> Scheduler:
        scheduler = Scheduler([ScheduledFunction("often", SOON)], call, **options)
        started.append(scheduler)
        scheduler.start()
        return scheduler

    yield start
    for scheduler in started:
        scheduler.stop()


def test_function_fires_again_and_again(run: Run) -> None:
    fired = threading.Semaphore(0)
    run(lambda name, event: fired.release())

    assert all(fired.acquire(timeout=SECONDS) for _ in range(3))


def test_function_never_runs_beside_itself(run: Run) -> None:
    inside: list[str] = []
    seen: list[int] = []
    done = threading.Event()

    def call(_name: str, event: dict[str, Any]) -> None:
        inside.append(event["id"])
        seen.append(len(inside))
        inside.pop()
        if len(seen) > 20:
            done.set()

    run(call)

    assert done.wait(SECONDS)
    assert set(seen) == {1}


def test_next_run_follows_a_failure(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    fired = threading.Semaphore(0)

    def call(_name: str, event: dict[str, Any]) -> None:
        fired.release()
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR):
        scheduler = run(call)
        assert all(fired.acquire(timeout=SECONDS) for _ in range(2))
        scheduler.stop()

    assert "often" in caplog.text


def test_clock_set_back_stops_nothing(run: Run) -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    readings = chain([noon, noon], repeat(noon - timedelta(days=1)))
    fired = threading.Semaphore(0)

    run(lambda name, event: fired.release(), now=lambda: next(readings))

    assert all(fired.acquire(timeout=SECONDS) for _ in range(3))


def test_stopped_scheduler_fires_no_more(run: Run) -> None:
    fired = threading.Semaphore(0)
    scheduler = run(lambda name, event: fired.release())
    assert fired.acquire(timeout=SECONDS)

    scheduler.stop()

    while fired.acquire(blocking=False):
        pass
    assert not fired.acquire(timeout=0.05)


def test_schedules_of_an_app_are_found() -> None:
    app = Chalice("any")
    app.schedule("rate(2 hours)", name="text")(lambda event: None)
    app.schedule(Rate(1, unit=Rate.MINUTES), name="rate")(lambda event: None)
    app.on_sqs_message("queue")(lambda event: None)

    found = {f.name: f.schedule.text for f in scheduled_functions(app)}

    assert found == {"text": "rate(2 hours)", "rate": "rate(1 minute)"}
