"""Random passwords and keys of one checkout: made once, kept in files only their owner can read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from local.machine.checkout import Checkout

OWNER_ONLY = 0o600


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    unfinished.replace(path)


def password(
    checkout: Checkout, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)
) -> str:
    """The checkout's secret of that name, made on first use; its characters need no URL quoting."""
    path = checkout.folder("secrets") / name
    with checkout.locked("secrets"):
        if not path.exists():
            write_private(path, make())
        return path.read_text().strip()  # a shell that wrote one has ended its line
