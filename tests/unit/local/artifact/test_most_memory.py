"""The memory in REPORT lines: the most that a process had, as far as the system tells."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

import psutil
import pytest

from local.artifact.emulator.process import MemoryWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def test_most_resident_memory_is_told() -> None:
    block = bytearray(b"x" * 64_000_000)
    resident_mb = psutil.Process().memory_info().rss // 1024**2
    del block

    with closing(MemoryWatch(os.getpid())) as watch:
        before = watch.most_mb()
        more = bytearray(b"x" * 64_000_000 * 2)
        after = watch.most_mb()
        del more

    assert before >= resident_mb - 1
    assert after > before


def test_ended_process_tells_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        watch = MemoryWatch(process.pid)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert watch.most_mb() == 0

    assert watch.most_mb() == 0
    watch.close()
    assert watch.most_mb() == 0
    assert MemoryWatch(process.pid).most_mb() == 0
