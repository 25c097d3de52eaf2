"""Runs calls at the same time, each in a thread that stands for a function process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]], close: Callable[[], None] | None = None) -> list[T]:
    """Start all calls at once. Results keep the order of the calls. The first error is raised.

    Each thread calls `close` when all calls are done.
    """
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait()
        try:
            return call()
        finally:
            # Limiter connections are shared: none may be closed before all calls are done.
            barrier.wait()
            if close is not None:
                close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
