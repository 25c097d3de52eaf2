"""A folder for one start of work on a large file.

A process that died leaves its folders behind: the next one removes them. One process may work on two
files, or on one twice, when the broker hands a message out again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "fintegrate-work-"
ROOM = 3
"""What a file needs, in its own sizes: itself, what is made of it, and what is moved within that."""
SPARE_BYTES = 64 * 1024 * 1024
_in_use: set[Path] = set()
"""Of this process. Another one with its number was left by a former process of that number."""


class NoRoom(Exception):
    """The disk has no room for the work."""


@contextmanager
def workspace(size_bytes: int) -> Iterator[Path]:
    """An empty folder with room for a file of this size (bytes). It is gone afterwards.

    Raises:
        NoRoom: the disk has not enough.
    """
    parent = Path(tempfile.gettempdir())
    folder = parent / f"{PREFIX}{os.getpid()}-{uuid.uuid4().hex}"
    _remove_left(parent)
    if shutil.disk_usage(parent).free < size_bytes * ROOM + SPARE_BYTES:
        raise NoRoom
    _in_use.add(folder)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _in_use.discard(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if folder not in _in_use and not (number.isdigit() and _is_another(int(number))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_another(process: int) -> bool:
    """Whether another process of this number lives."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
