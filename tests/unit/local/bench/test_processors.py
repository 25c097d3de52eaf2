"""Measuring a server whose worker ends while we look at it, as PostgreSQL's autovacuum does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.bench.processors import (
    NoSteadyReading,
    largest_worker_mb,
    microseconds_of,
    pinned,
)
from tests.unit.local.bench.server_process import WORK_SECONDS

PROGRAM = Path(__file__).with_name("server_process.py")
WORK = pytest.approx(2e6 * WORK_SECONDS, abs=80_000)  # the kernel counts in hundredths of a second
NOTHING = pytest.approx(0, abs=80_000)
linux = pytest.mark.skipif(sys.platform != "linux", reason="no other system can pin a process")


class Server(psutil.Process):
    """A running `server_process`. Its worker ends just after it was listed for that time."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        super().__init__(program.pid)
        self._program = program
        self.listed = 0
        self.worker_ends_at = 0

        self._await_done()

    def order(self, word: str) -> None:
        assert self._program.stdin is not None
        self._program.stdin.write(f"{word}\n")
        self._program.stdin.flush()
        self._await_done()

    def _await_done(self) -> None:
        assert self._program.stdout is not None
        assert self._program.stdout.readline() == "done\n"

    def children(self, recursive: bool = False) -> list[Any]:
        workers: list[Any] = super().children(recursive)
        self.listed += 1
        if self.listed == self.worker_ends_at:
            self.order("end")
        return workers


class RestlessServer(psutil.Process):
    """Whenever its workers are listed, one of them ends."""

    def children(self, recursive: bool = False) -> list[Any]:
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as worker:
            listed = psutil.Process(worker.pid)
        return [listed]


@pytest.fixture
def server() -> Iterator[Server]:
    command = [sys.executable, str(PROGRAM)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as program:
        yield Server(program)


@pytest.mark.parametrize("listing", [1, 2])
def test_ending_worker_adds_nothing(server: Server, listing: int) -> None:
    server.order("work")
    server.worker_ends_at = listing

    spent = microseconds_of(lambda: None, {"server": server}, events=1)

    assert server.listed >= listing
    assert spent["server_us"] == NOTHING


def test_ending_worker_loses_nothing(server: Server) -> None:
    server.worker_ends_at = 2  # in the reading after the work

    spent = microseconds_of(lambda: server.order("work"), {"server": server}, events=1)

    assert server.listed > 2
    assert spent["server_us"] == WORK


def test_ended_worker_is_counted(server: Server) -> None:
    def work_and_end() -> None:
        server.order("work")
        server.order("end")

    assert microseconds_of(work_and_end, {"server": server}, events=1)["server_us"] == WORK


def test_restless_server_gives_no_figure() -> None:
    with pytest.raises(NoSteadyReading):
        microseconds_of(lambda: None, {"server": RestlessServer()}, events=1)


def test_ended_server_gives_no_figure(server: Server) -> None:
    server.kill()
    server.wait()

    with pytest.raises(NoSteadyReading):
        microseconds_of(lambda: None, {"server": server}, events=1)


@linux
def test_ending_worker_stops_no_pinning(server: Server) -> None:
    everywhere = os.sched_getaffinity(0)
    server.worker_ends_at = 1

    with pinned({"server": server}, 1):
        assert len(os.sched_getaffinity(server.pid)) == 1

    assert os.sched_getaffinity(server.pid) == everywhere


def test_ending_worker_has_no_memory(server: Server) -> None:
    before = largest_worker_mb(server)
    server.worker_ends_at = server.listed + 1

    assert before > 1
    assert largest_worker_mb(server) == 0
