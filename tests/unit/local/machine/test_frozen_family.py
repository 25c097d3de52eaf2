"""A frozen server answers nobody once the call has returned, however busy the machine is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.machine.processes import Family
from tests.support.waiting import eventually

BUSY = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()\nwhile True: pass"


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Family]:
    family = Family(str(tmp_path), tmp_path, tmp_path / "record.json")
    command = [sys.executable, "-c", BUSY, str(tmp_path / "is_up")]
    family.launch(command, os.environ, tmp_path / "log")
    eventually((tmp_path / "is_up").exists, "it runs")
    yield family
    family.resume()
    family.kill()


def test_paused_family_stands_still(busy: Family) -> None:
    for _ in range(20):
        busy.pause()
        assert {each.status() for each in busy.members()} == {psutil.STATUS_STOPPED}
        busy.resume()
