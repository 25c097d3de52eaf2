"""Finds a server's programs where packages put them; installs nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.services.packages import install_command
from local.services.service import ServersUnusable


class ServerMissing(ServersUnusable):
    """A server's program is not installed; the text is the command that installs it."""


@dataclass(frozen=True)
class Program:
    """The programs of one server.

    Attributes:
        name: what the server itself is called
        folders: patterns of the folders where packages put it, beside those of the PATH
        packages: package manager → the package that brings it
        is_service: whether Debian's package would start it at every boot
    """

    name: str
    folders: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    is_service: bool = False

    def find(self, companion: str | None = None) -> Path | None:
        """The path of the server, or of a program that comes with it; `None` without one."""
        wanted = companion or self.name
        for folder in _existing(self.folders):
            if (folder / wanted).exists():
                return folder / wanted
        path = shutil.which(wanted)
        return Path(path) if path else None

    def path(self, companion: str | None = None) -> Path:
        """As `find`.

        Raises:
            ServerMissing: it is not installed
        """
        path = self.find(companion)
        if path is None:
            raise ServerMissing(
                f"{self.name} is not installed. Run `make setup`, or: {install_command([self])}"
            )
        return path


def _existing(patterns: Iterable[str]) -> list[Path]:
    """The folders that exist, newest version first."""
    found = [folder for pattern in patterns for folder in Path("/").glob(pattern.lstrip("/"))]
    return sorted(found, key=_version, reverse=True)


def _version(folder: Path) -> tuple[int, ...]:
    digits = "".join(c if c.isdigit() else " " for c in str(folder))
    return tuple(int(number) for number in digits.split())
