"""Running calls at the same time, each in a thread that stands for a function process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from chalicelib.banking import wiring

T = TypeVar("T")


def together(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Start all calls at once; their results in order. The first error is raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait()
        try:
            return call()
        finally:
            barrier.wait()  # the limiter's connections are shared: close them when no thread uses them
            wiring.parts().close()  # the other connections belong to their thread

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
