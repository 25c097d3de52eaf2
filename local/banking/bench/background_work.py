"""Work in another process beside a measurement: a run of a schedule."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.scheduled_event import scheduled_event
from local.bench.child_process import child_process
from local.bench.sizes import size
from local.bench.timing import on_schedule, timed

CREATES_PER_SECOND = 25
SECONDS = 18
"""Less than what is measured beside the creates takes."""


def creates_beside(create: Callable[[], str]) -> list[float]:
    """The time of each create, in ms, at a steady rate."""
    taken: list[float] = []
    seconds = size("BENCH_BESIDE_SECONDS", SECONDS)
    on_schedule(lambda: taken.extend(timed(create, 1)), CREATES_PER_SECOND, seconds)
    return taken


@contextmanager
def worker(schedule: str, patience_seconds: float) -> Iterator[Callable[[], Callable[[], float]]]:
    """A process that is ready to run the schedule. Call it to begin; call what that gives to wait.

    The wait gives the seconds of the run.
    """
    with child_process(_work, schedule, patience_seconds) as process:

        def finished() -> float:
            if not process.poll(patience_seconds):
                raise RuntimeError(f"{schedule} does not end")
            seconds: float = process.recv()
            return seconds

        def begin() -> Callable[[], float]:
            process.send("go")
            return finished

        process.recv()  # it is ready
        yield begin


def _work(schedule: str, seconds: float, pipe: Connection) -> None:
    from app import app

    pipe.send("ready")
    pipe.recv()
    begun = time.monotonic()
    app.handler_map[schedule](
        scheduled_event(schedule, datetime.now(UTC)), LambdaContext(schedule, round(seconds))
    )
    pipe.send(time.monotonic() - begun)
