"""Measures this process's resident memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import psutil

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
