"""A log is bounded, private, and loses nothing that was written before it was put aside."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from local.machine import log_file
from local.machine.log_file import keep_bounded, open_log
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LIMIT_BYTES", 100)
    monkeypatch.setattr(log_file, "LOOK_SECONDS", 0.01)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_full_log_is_put_aside(tmp_path: Path) -> None:
    log, older = tmp_path / "some.log", tmp_path / "some.log.1"
    log.write_text("a" * 101)

    with os.fdopen(open_log(log), "a") as file:
        file.write("new")

    assert (log.read_text(), older.read_text()) == ("new", "a" * 101)
    assert mode(older) == 0o600


def test_log_with_room_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    for words in ("one", "two"):
        with os.fdopen(open_log(log), "a") as file:
            file.write(words)

    assert log.read_text() == "onetwo"
    assert mode(log) == 0o600


def test_inherited_descriptor_writes_on(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    descriptor = open_log(log)
    keep_bounded(log)
    os.write(descriptor, b"a" * 101)
    eventually(lambda: log.stat().st_size == 0, "the log is emptied")

    os.write(descriptor, b"new")

    assert log.read_bytes() == b"new"
    os.close(descriptor)


def test_log_is_deleted_while_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "some.log"
    copy = shutil.copyfile

    def delete_first(source: Path, target: Path) -> None:
        monkeypatch.setattr(shutil, "copyfile", copy)
        source.unlink()
        copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", delete_first)
    log.write_text("a" * 101)
    keep_bounded(log)
    eventually(lambda: not log.exists(), "it is deleted")

    log.write_text("b" * 101)

    eventually(lambda: log.stat().st_size == 0, "the next one is bounded, too")
