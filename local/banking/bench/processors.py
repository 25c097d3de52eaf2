"""What a run costs the processors, per program, and how it goes on fewer of them.

The servers are found by the ports that they listen on: native ones of this user or, for root, of all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psutil

from local.banking.bench.figures import Figures
from local.services.running import ServiceUrls


def servers(urls: ServiceUrls) -> dict[str, psutil.Process]:
    """PostgreSQL and RabbitMQ, as far as they are processes that can be seen from here."""
    names = {
        urlsplit(urls.database_url).port: "postgresql",
        urlsplit(urls.rabbitmq_url).port: "rabbitmq",
    }
    found = {}
    for socket in psutil.net_connections("tcp"):
        port = socket.laddr.port if socket.laddr else None
        if socket.status == psutil.CONN_LISTEN and port in names and socket.pid:
            found[names[port]] = psutil.Process(socket.pid)
    return found


def microseconds_of(
    action: Callable[[], object], programs: dict[str, psutil.Process], events: int
) -> Figures:
    """Processor time per event: of this process and of each server, sessions included."""
    own, before = time.process_time(), {n: _seconds(p) for n, p in programs.items()}
    action()
    spent = {"client": time.process_time() - own}
    spent |= {name: _seconds(process) - before[name] for name, process in programs.items()}
    return {f"{name}_us": 1e6 * seconds / events for name, seconds in spent.items()}


@contextmanager
def pinned(programs: dict[str, psutil.Process], cores: int) -> Iterator[None]:
    """Everything on so many processors, for the block (Linux)."""
    everywhere = os.sched_getaffinity(0)
    few = set(sorted(everywhere)[:cores])
    try:
        _move(programs, few)
        yield
    finally:
        _move(programs, everywhere)


def _move(programs: dict[str, psutil.Process], cores: set[int]) -> None:
    os.sched_setaffinity(0, cores)
    for program in programs.values():
        for process in (program, *program.children(recursive=True)):
            for thread in process.threads():  # a process's own affinity is its first thread's
                os.sched_setaffinity(thread.id, cores)


def _seconds(process: psutil.Process) -> float:
    """Of a server with all its children, the ended ones included."""
    family = [process, *process.children(recursive=True)]
    times = [member.cpu_times() for member in family]
    ended = process.cpu_times()
    return sum(t.user + t.system for t in times) + ended.children_user + ended.children_system
