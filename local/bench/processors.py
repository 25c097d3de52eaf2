"""Measures the processor time of each program, and how a run performs on fewer processors.

The servers are found by their ports. Only native servers of this user can be seen; root sees all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import psutil

from local.bench.figures import Figures
from local.services.urls import ServiceUrls

ATTEMPTS = 20
"""After this many readings in a row during which a process ended, there is no figure."""
T = TypeVar("T")


class NoSteadyReading(Exception):
    """Processes start and end too fast to be measured, or a server itself has ended."""


def servers(urls: ServiceUrls) -> dict[str, psutil.Process]:
    """PostgreSQL and RabbitMQ, if their processes can be seen from here."""
    names = {
        urlsplit(urls.database_url).port: "postgresql",
        urlsplit(urls.rabbitmq_url).port: "rabbitmq",
    }
    return _steadily(lambda: _listening(names))


def _listening(names: Mapping[int | None, str]) -> dict[str, psutil.Process]:
    found = {}
    for socket in psutil.net_connections("tcp"):
        port = socket.laddr.port if socket.laddr else None
        if socket.status == psutil.CONN_LISTEN and port in names and socket.pid:
            found[names[port]] = psutil.Process(socket.pid)
    return found


def microseconds_of(
    action: Callable[[], object], programs: Mapping[str, psutil.Process], events: int
) -> Figures:
    """Processor time per event, of this process and of each server with its sessions.

    Raises:
        NoSteadyReading: a server cannot be read
    """
    own, before = time.process_time(), {n: _seconds(p) for n, p in programs.items()}
    action()
    spent = {"client": time.process_time() - own}
    spent |= {name: _seconds(process) - before[name] for name, process in programs.items()}
    return {f"{name}_us": 1e6 * seconds / events for name, seconds in spent.items()}


def on_cpu_ms(pid: int) -> float | None:
    """The processor time of a process's first thread so far, exactly; None where Linux does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    except (OSError, IndexError, ValueError):
        return None


def costs(
    name: str, urls: ServiceUrls, calls: Sequence[Callable[[], object]], each: int
) -> Figures:
    """The processor time per event of calls that handle `each` events, by the program that spends it.

    It tells what a busy machine hides.
    """
    spent = microseconds_of(lambda: [call() for call in calls], servers(urls), len(calls) * each)
    return {f"{name}_{who}": microseconds for who, microseconds in spent.items()}


def largest_worker_mb(server: psutil.Process) -> float:
    """The resident memory of a server's largest process. A process that has ended has none."""
    sizes = [0]
    for worker in server.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            sizes.append(worker.memory_info().rss)
    return max(sizes) / 1_000_000


@contextmanager
def pinned(programs: Mapping[str, psutil.Process], cores: int) -> Iterator[None]:
    """Run everything on this many processors for the block (Linux)."""
    everywhere = os.sched_getaffinity(0)
    few = set(sorted(everywhere)[:cores])
    try:
        _move(programs, few)
        yield
    finally:
        _move(programs, everywhere)


def _move(programs: Mapping[str, psutil.Process], cores: set[int]) -> None:
    os.sched_setaffinity(0, cores)
    for program in programs.values():
        # The server comes first, because workers that it starts later inherit its processors.
        _move_threads(program, cores)
        for worker in program.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                _move_threads(worker, cores)


def _move_threads(process: psutil.Process, cores: set[int]) -> None:
    for thread in process.threads():  # a process's affinity covers only its first thread
        with suppress(ProcessLookupError):
            os.sched_setaffinity(thread.id, cores)


def _seconds(server: psutil.Process) -> float:
    """Processor time of a server and its workers, including those that have ended."""

    def reading() -> float:
        # When a worker ends, its time moves to its parent. Parents are read before their workers
        # (psutil's order), so nothing is counted twice. If a worker has ended and cannot be read,
        # everything is read again.
        return sum(map(_own_and_ended, [server, *server.children(recursive=True)]))

    return _steadily(reading)


def _own_and_ended(process: psutil.Process) -> float:
    """Processor time of a process and of the children that it has waited for."""
    return float(sum(process.cpu_times()[:4]))


def _steadily(reading: Callable[[], T]) -> T:
    """The first reading during which no process ended.

    Raises:
        NoSteadyReading: there is no such reading
    """
    for _ in range(ATTEMPTS):
        try:
            return reading()
        except psutil.NoSuchProcess as error:
            last = error
    raise NoSteadyReading(f"a process ended during each of {ATTEMPTS} readings") from last
