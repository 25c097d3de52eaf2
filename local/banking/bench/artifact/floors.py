"""Measures the floors: what this machine allows in the same run without this project's code.

A program makes raw creates in as many processes.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Self

FLOOR_SECONDS = 300.0  # after this, a failed process breaks the barriers


class RawCreators:
    """Makes raw creates in as many processes. The processes stay connected between turns.

    Args:
        consumer: id and name
    """

    def __init__(
        self, settings: Mapping[str, str], consumer: tuple[str, str], processes: int
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._ready, self._done = context.Barrier(processes + 1), context.Barrier(processes + 1)
        self._each = context.Value("i", 0)
        shared = (self._each, self._ready, self._done)
        self._workers = [
            context.Process(target=_create, args=(dict(settings), consumer, *shared))
            for _ in range(processes)
        ]
        for worker in self._workers:
            worker.start()
        self.per_second(processes)  # connect and warm up

    def per_second(self, count: int) -> float:
        """Run one turn. Returns creates per second of all processes together."""
        each = self._each.value = count // len(self._workers)
        self._ready.wait(FLOOR_SECONDS)
        started = time.perf_counter()
        self._done.wait(FLOOR_SECONDS)
        return each * len(self._workers) / (time.perf_counter() - started)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._each.value = 0
        self._ready.wait(FLOOR_SECONDS)
        for worker in self._workers:
            worker.join()


def _create(
    settings: dict[str, str],
    consumer: tuple[str, str],
    each: Synchronized[int],
    ready: Barrier,
    done: Barrier,
) -> None:
    from local.banking.bench.floor import RawCreate

    with RawCreate(settings["DATABASE_URL"], settings["RABBITMQ_URL"], *consumer) as raw:
        while True:
            ready.wait(FLOOR_SECONDS)
            if not each.value:
                return
            for _ in range(each.value):
                raw.create()
            done.wait(FLOOR_SECONDS)


def kilobytes(path: Path) -> float:
    """A file's size in kB (1000 bytes)."""
    return path.stat().st_size / 1000
