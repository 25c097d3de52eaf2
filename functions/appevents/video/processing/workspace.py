"""A folder for one start of the work on a video.

A process that died leaves its folders behind: the next one removes them. One process may work on two
videos, or on one twice, when the broker hands its message out again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
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
    folder = parent / f"{PREFIX}{os.getpid()}-{uuid.uuid4().hex}"
    _remove_left(parent)
    if shutil.disk_usage(parent).free < size_bytes * ROOM + SPARE_BYTES:
        raise NotYet("no_room", "There is no room to process the video")
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
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
