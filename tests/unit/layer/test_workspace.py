"""The folder for work on a large file: its own for each start, and nothing is left of the dead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from fintegrate import workspace as module
from fintegrate.workspace import PREFIX, NoRoom, workspace

Usage = namedtuple("Usage", ["free"])


@pytest.fixture(autouse=True)
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_by(disk: Path, process: int | str) -> Path:
    folder = disk / f"{PREFIX}{process}-left"
    folder.mkdir()
    (folder / "source").write_bytes(b"large")
    return folder


def test_folder_is_gone_afterwards(disk: Path) -> None:
    with workspace(1) as folder:
        (folder / "made").touch()

    assert list(disk.iterdir()) == []


def test_two_starts_share_nothing(disk: Path) -> None:
    with workspace(1) as first:
        (first / "source").touch()
        with workspace(1) as second:
            assert first != second
        assert (first / "source").exists()


def test_what_the_dead_left_goes(disk: Path) -> None:
    """Also what a former process of this one's number has left: numbers come again."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = [left_by(disk, number) for number in (dead.pid, os.getpid(), "no-number")]

    with workspace(1):
        assert not [folder for folder in left if folder.exists()]


def test_living_ones_folder_stays(disk: Path) -> None:
    others = left_by(disk, os.getppid())

    with workspace(1):
        assert (others / "source").exists()


def test_full_disk_is_said(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = module.ROOM * 10 + module.SPARE_BYTES
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(free))
    with workspace(10):
        pass

    with pytest.raises(NoRoom), workspace(11):
        pass
    assert list(disk.iterdir()) == []
