"""Measures a replay of what a bank has missed: its rate, and what creates beside it notice of it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.scheduled_event import scheduled_event
from local.banking.bench.api import looking, post_with
from local.banking.bench.backlog import execute, write_pending
from local.banking.bench.creates import creating
from local.banking.bench.databases import BenchTemplate
from local.bench.figures import Figures
from local.bench.percentiles import p50_p99
from local.bench.timing import on_schedule, timed

EVENTS = 10_000
PER_SECOND = 500
CREATES_PER_SECOND = 25
SECONDS = 18
"""Less than the replay takes."""
PATIENCE_SECONDS = 60
PUBLISHED = """
UPDATE customer_events
SET publish_status = 'published', published_at = created_at, publish_failure_reason = NULL
WHERE consumer_id = %(consumer_id)s AND publish_status = 'pending'
"""


def replay(template: BenchTemplate) -> Figures:
    """The seconds for 10,000 events at 500 a second; another bank's creates without it and beside it."""
    with template.copy() as database:
        bank, other = database.tenants[:2]
        write_pending(database.database_url, [bank], EVENTS)
        execute(database.database_url, PUBLISHED, {"consumer_id": bank.consumer_id})
        create = creating(other)
        without = _creates(create)
        with _worker() as work:
            job = post_with(bank.key)("/replay/data", {"per_second": PER_SECOND})
            finished = work()
            beside = _creates(create)
            seconds = finished()
        told = looking(bank.key, "/replay/data", {"job_id": job["job_id"]})()["body"]
        if f'"sent":{EVENTS},' not in told:
            raise RuntimeError(f"not {EVENTS} events were sent: {told}")
    (p50, p99), (p50_without, p99_without) = p50_p99(beside), p50_p99(without)
    return {
        "replay_10000_s": seconds,
        "replay_create_p50_ms": p50,
        "replay_create_p99_ms": p99,
        "replay_create_vs_without_p50": p50 / p50_without,
        "replay_create_vs_without_p99": p99 / p99_without,
    }


def _creates(create: Callable[[], str]) -> list[float]:
    """The time of each, in ms, at a steady rate."""
    taken: list[float] = []
    on_schedule(lambda: taken.extend(timed(create, 1)), CREATES_PER_SECOND, SECONDS)
    return taken


@contextmanager
def _worker() -> Iterator[Callable[[], Callable[[], float]]]:
    """Another process, ready to run the schedule. Call it to begin; call what that gives to wait."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,))
    process.start()

    def finished() -> float:
        if not ours.poll(PATIENCE_SECONDS):
            raise RuntimeError("the replay does not end")
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


def _work(pipe: Connection) -> None:
    from app import app

    pipe.send("ready")
    pipe.recv()
    begun = time.monotonic()
    app.handler_map["replay"](
        scheduled_event("replay", datetime.now(UTC)), LambdaContext("replay", 60)
    )
    pipe.send(time.monotonic() - begun)
