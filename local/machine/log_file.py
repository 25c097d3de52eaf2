"""Log files that stay bounded: the newest lines, and beside them one older file (`.1`).

Processes write into a log through descriptors that they inherited, so a full one is copied and emptied,
never renamed. A line that is written in the moment between is lost (`copytruncate` of logrotate(8)).
"""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

LIMIT_BYTES = 20 * 1024 * 1024
LOOK_SECONDS = 10.0
PRIVATE = 0o600


def open_log(path: Path) -> int:
    """A descriptor that appends, for this process and its children. A full log is put aside first."""
    if path.exists():
        put_aside_if_full(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)


def put_aside_if_full(path: Path) -> bool:
    """Copy the log to `<name>.1` and empty it, if it has more than `LIMIT_BYTES`; says whether."""
    if path.stat().st_size <= LIMIT_BYTES:
        return False
    older = path.with_name(f"{path.name}.1")
    older.unlink(missing_ok=True)
    older.touch(PRIVATE)
    shutil.copyfile(path, older)
    os.truncate(path, 0)
    return True


def keep_bounded(path: Path) -> None:
    """Look every `LOOK_SECONDS`, as long as this process lives.

    The log may be deleted meanwhile and come again, and a full disk may refuse the copy.
    """

    def watch() -> None:
        while True:
            with suppress(OSError):
                put_aside_if_full(path)
            asleep.wait(LOOK_SECONDS)

    asleep = threading.Event()
    threading.Thread(target=watch, name="log", daemon=True).start()
