"""The commands that install servers with the system's package manager; runs none of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from typing import Protocol

INSTALL = {
    "apt-get": "apt-get install -y --no-install-recommends",
    "brew": "brew install",
    "dnf": "dnf install -y",
    "apk": "apk add",
}


class Packaged(Protocol):
    """What a package brings."""

    @property
    def name(self) -> str:
        """What to look for without a known package manager."""

    @property
    def packages(self) -> Mapping[str, str]:
        """Package manager → package."""


def package_manager() -> str | None:
    """The first known package manager on the machine."""
    return next((manager for manager in INSTALL if shutil.which(manager)), None)


def packages(wanted: Iterable[Packaged], manager: str) -> list[str]:
    """The packages that bring these; a program without a package is looked for by its name."""
    return [each.packages.get(manager, each.name) for each in wanted]


def install_command(wanted: Iterable[Packaged], manager: str | None = None) -> str:
    """The exact command for a shell; without a known manager, the names to look for."""
    manager = manager or package_manager()
    if manager is None:
        return f"install {', '.join(each.name for each in wanted)} and put them on the PATH"
    prefix = "" if manager == "brew" else "sudo "
    return f"{prefix}{INSTALL[manager]} {' '.join(packages(wanted, manager))}"
