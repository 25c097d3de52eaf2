"""Where one checkout keeps what the harness makes, so that two checkouts never share anything.

Knows folders and their names only; what lies in them belongs to the modules that write it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRIVATE = {"consumers", "log", "prometheus", "rabbitmq", "redis", "secrets"}
"""Folders with names of customers, or with passwords."""
OWNER_ONLY, PASSABLE = 0o700, 0o711


@dataclass(frozen=True)
class Checkout:
    """One copy of the repository and its private state under `.local/`."""

    root: Path = ROOT

    @property
    def state(self) -> Path:
        """Everything the harness writes; made on first use, removed by `make clean`."""
        return self.folder()

    @property
    def name(self) -> str:
        """A name no other checkout on this machine has, fit for containers and Erlang nodes."""
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:10]
        return f"fintegrate_{digest}"

    def folder(self, *parts: str) -> Path:
        """A folder under `.local/`, made when it is missing.

        Other users of the machine may pass through to a server's own folder, as PostgreSQL's user must,
        but see no list, and nothing of what is `PRIVATE`.
        """
        folder = self.root / ".local"
        _make(folder, PASSABLE)
        for part in parts:
            private = folder.name == ".local" and part in PRIVATE
            folder = folder / part
            _make(folder, OWNER_ONLY if private else None)
        return folder

    def within(self, name: str) -> Checkout:
        """A checkout inside this one's state, with servers of its own, to be killed on purpose."""
        return Checkout(self.folder(name))

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """One process of this checkout at a time; a killed holder lets go by dying."""
        with (self.folder("run") / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _make(folder: Path, mode: int | None) -> None:
    """Make a folder if it is missing; an older one of this user gets its mode, too."""
    if mode is None:
        folder.mkdir(exist_ok=True)
        return
    folder.mkdir(mode, parents=True, exist_ok=True)
    now = folder.stat()
    if now.st_uid == os.geteuid() and stat.S_IMODE(now.st_mode) != mode:
        folder.chmod(mode)
