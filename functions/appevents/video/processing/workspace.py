"""A folder for one video. A process that died leaves its folder behind: the next one removes it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fintegrate.messaging.inbox import NotYet

PREFIX = "app-processing-"
ROOM = 3
"""What a file needs, in its own sizes: itself, what is made of it, and what is moved within that."""
SPARE_BYTES = 64 * 1024 * 1024


@contextmanager
def workspace(size_bytes: int) -> Iterator[Path]:
    """An empty folder with room for a file of this size. It is gone afterwards.

    Raises:
        NotYet: there is no room.
    """
    parent = Path(tempfile.gettempdir())
    folder = parent / f"{PREFIX}{os.getpid()}"
    _remove_left(parent)
    shutil.rmtree(folder, ignore_errors=True)
    if shutil.disk_usage(parent).free < size_bytes * ROOM + SPARE_BYTES:
        raise NotYet("no_room", "There is no room to process the video")
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        number = folder.name.removeprefix(PREFIX)
        if not (number.isdigit() and _lives(int(number))):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
