"""Running calls at the same time, each in a thread that stands for a function process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]], close: Callable[[], None] | None = None) -> list[T]:
    """Start all calls at once; their results in order. The first error is raised.

    Each thread calls `close` when all calls are done.
    """
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait()
        try:
            return call()
        finally:
            barrier.wait()  # the limiter's connections are shared: nobody closes what others use
            if close is not None:
                close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
