"""Runs the functions in a process of their own, which feeds them as `make local` does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from multiprocessing.connection import Connection

from local.bench.child_process import child_process
from local.schedules.scheduler import Scheduler, scheduled_functions
from local.serving.queue_functions import WINDOW_SECONDS, SourceQueues
from local.serving.source_functions import SourceFunctions, load_app


@contextmanager
def event_sources(schedules: str = "", window_seconds: float = WINDOW_SECONDS) -> Iterator[None]:
    """For the block the functions of this process's settings get what their queues and schedules bring.

    Args:
        schedules: which of them run, as a pattern of their names (`relay_*`); usually none
        window_seconds: how long a batch of a queue waits for further messages
    """
    with child_process(_feed, schedules, window_seconds) as process:
        process.recv()  # it is ready
        yield


def _feed(schedules: str, window_seconds: float, pipe: Connection) -> None:
    app = load_app()
    call = SourceFunctions(app).call
    due = [each for each in scheduled_functions(app) if fnmatchcase(each.name, schedules)]
    if schedules and not due:
        raise ValueError(f"no schedule is named {schedules}")
    SourceQueues(app, os.environ["RABBITMQ_URL"], os.environ, call, window_seconds).start()
    Scheduler(due, call).start()
    pipe.send("ready")
    pipe.recv()  # nothing comes: it stays until it is ended
