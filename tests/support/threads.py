"""Running calls at the same time, each in a thread that stands for a function process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def side_by_side(calls: Sequence[Callable[[], T]], close: Callable[[], object]) -> list[T]:
    """Start all calls at once; their results in order. The first error is raised.

    Args:
        close: closes what a thread has opened, called by each when all are done
    """
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait()
        try:
            return call()
        finally:
            barrier.wait()  # some connections are shared: close them when no thread uses them
            close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
