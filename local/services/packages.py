"""The commands that install servers with the system's package manager; runs none of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

PACKAGES: dict[str, dict[str, str]] = {
    "apt-get": {
        "postgresql": "postgresql",
        "rabbitmq": "rabbitmq-server",
        "redis": "redis-server",
    },
    "brew": {"postgresql": "postgresql@16", "rabbitmq": "rabbitmq", "redis": "redis"},
    "dnf": {"postgresql": "postgresql-server", "rabbitmq": "rabbitmq-server", "redis": "redis"},
    "apk": {"postgresql": "postgresql16", "rabbitmq": "rabbitmq-server", "redis": "redis"},
}
INSTALL = {
    "apt-get": "apt-get install -y --no-install-recommends",
    "brew": "brew install",
    "dnf": "dnf install -y",
    "apk": "apk add",
}


def package_manager() -> str | None:
    """The first known package manager on the machine."""
    return next((manager for manager in PACKAGES if shutil.which(manager)), None)


def install_command(servers: Iterable[str], manager: str | None = None) -> str:
    """The exact command for a shell; without a known manager, the names to look for."""
    manager = manager or package_manager()
    if manager is None:
        return f"install {', '.join(servers)} and put them on the PATH"
    packages = " ".join(PACKAGES[manager][server] for server in servers)
    prefix = "" if manager == "brew" else "sudo "
    return f"{prefix}{INSTALL[manager]} {packages}"
