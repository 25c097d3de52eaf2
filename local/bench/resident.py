"""Measures the resident memory of this process, or of one that works off backlogs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

import psutil

from local.bench.child_process import child_process

SAMPLE_SECONDS = 0.02


def resident_mb() -> float:
    return float(psutil.Process(os.getpid()).memory_info().rss) / 1_000_000


def most_resident_mb(action: Callable[[], object]) -> float:
    """The most while this runs."""
    most = resident_mb()
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(SAMPLE_SECONDS):
            most = max(most, resident_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        action()
    finally:
        done.set()
        watcher.join()
    return max(most, resident_mb())


def around_backlogs(
    work: Callable[[int], object], small: int, large: int, write_large: Callable[[], object]
) -> tuple[float, float]:
    """The memory of a process of its own after a small backlog, and its most during a large one.

    Args:
        work: works off so many events, in that process; the small backlog waits already
    """
    with child_process(_work_twice, work, small, large) as process:
        process.recv()  # the small one is done
        write_large()
        process.send("go on")
        before, most = process.recv()
    return before, most


def _work_twice(work: Callable[[int], object], small: int, large: int, pipe: Connection) -> None:
    work(small)
    before = resident_mb()
    pipe.send("warm")
    pipe.recv()
    pipe.send((before, most_resident_mb(lambda: work(large))))
