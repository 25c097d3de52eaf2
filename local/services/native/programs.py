"""Finds the machine's server programs where packages put them; installs nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from local.services.packages import install_command
from local.services.service import ServiceError

FOLDERS: dict[str, tuple[str, ...]] = {
    "postgresql": (
        "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
        "/usr/pgsql-*/bin",  # PGDG on Fedora and its kin
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
    ),
    "rabbitmq": (
        "/usr/lib/rabbitmq/bin",  # Debian: /usr/sbin has a wrapper that changes user
        "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
        "/opt/homebrew/opt/rabbitmq/sbin",
        "/usr/local/opt/rabbitmq/sbin",
    ),
    "redis": ("/opt/homebrew/bin", "/usr/local/bin"),
}
SERVER = {"postgresql": "postgres", "rabbitmq": "rabbitmq-server", "redis": "redis-server"}


class MissingServerError(ServiceError):
    """A server program is not installed; the text is the command that installs it."""


def _version(folder: Path) -> tuple[int, ...]:
    digits = "".join(c if c.isdigit() else " " for c in str(folder))
    return tuple(int(number) for number in digits.split())


def _candidates(patterns: Iterable[str]) -> list[Path]:
    """The folders that exist, newest version first."""
    found = [folder for pattern in patterns for folder in Path("/").glob(pattern.lstrip("/"))]
    return sorted(found, key=_version, reverse=True)


def find(server: str, name: str | None = None) -> Path | None:
    """The path of a program of that server (by default the server itself), or `None`."""
    program = name or SERVER[server]
    for folder in _candidates(FOLDERS[server]):
        if (folder / program).exists():
            return folder / program
    path = shutil.which(program)
    return Path(path) if path else None


def program(server: str, name: str | None = None) -> Path:
    """The path of a program of that server.

    Raises:
        MissingServerError: it is not installed
    """
    path = find(server, name)
    if path is None:
        raise MissingServerError(
            f"{server} is not installed. Run `make setup`, or: {install_command([server])}"
        )
    return path


def missing() -> list[str]:
    """The servers that are not installed."""
    return [server for server in SERVER if find(server) is None]
