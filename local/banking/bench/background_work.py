"""Work in another process beside a measurement: a run of a schedule, or all that feeds webhooks."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.scheduled_event import scheduled_event
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
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(schedule, patience_seconds, theirs))
    process.start()

    def finished() -> float:
        if not ours.poll(patience_seconds):
            raise RuntimeError(f"{schedule} does not end")
        seconds: float = ours.recv()
        return seconds

    def begin() -> Callable[[], float]:
        ours.send("go")
        return finished

    try:
        ours.recv()  # it is ready
        yield begin
    finally:
        process.terminate()
        process.join()


def _work(schedule: str, seconds: float, pipe: Connection) -> None:
    from app import app

    pipe.send("ready")
    pipe.recv()
    begun = time.monotonic()
    app.handler_map[schedule](
        scheduled_event(schedule, datetime.now(UTC)), LambdaContext(schedule, round(seconds))
    )
    pipe.send(time.monotonic() - begun)


@contextmanager
def calling_banks() -> Iterator[None]:
    """A process that calls banks, fed by the queue of nudges and the schedule, as `make local` does."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_call_banks, args=(theirs,), daemon=True)
    process.start()
    try:
        ours.recv()  # it is ready
        yield
    finally:
        process.terminate()
        process.join()


def _call_banks(pipe: Connection) -> None:
    from local.schedules.scheduler import Scheduler, scheduled_functions
    from local.serving.queue_functions import SourceQueues
    from local.serving.source_functions import SourceFunctions, load_app

    app = load_app()
    functions = SourceFunctions(app)
    SourceQueues(app, os.environ["RABBITMQ_URL"], os.environ, functions.call).start()
    due = [each for each in scheduled_functions(app) if each.name == "deliver_webhooks"]
    Scheduler(due, functions.call).start()
    pipe.send("ready")
    stay: Callable[[], object] = pipe.recv
    stay()
