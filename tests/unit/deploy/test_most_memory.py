"""The memory in REPORT lines: the most that a process had, as far as the system tells."""

import os
import subprocess
import sys

import psutil
import pytest

from local.deploy.process import most_memory_mb

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def test_it_is_what_was_resident_at_most() -> None:
    block = bytearray(b"x" * 64_000_000)
    resident_mb = psutil.Process().memory_info().rss // 1024**2
    del block

    assert most_memory_mb(os.getpid()) >= resident_mb - 1


def test_a_process_that_has_ended_tells_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert most_memory_mb(process.pid) == 0

    assert most_memory_mb(process.pid) == 0
