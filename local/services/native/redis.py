"""A private Redis process: a cache without persistence, behind a password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from local.machine.credentials import password, write_private
from local.machine.ports import LOOPBACK
from local.services import probes
from local.services.native.programs import Program
from local.services.native.server import NativeServer

# Nothing in it must outlive a restart: it counts requests for the rate limits.
CONFIGURATION = """\
bind {host}
port {port}
dir {home}
requirepass {password}
save ""
appendonly no
daemonize no
"""


class Redis(NativeServer):
    """Redis for one checkout."""

    name = "redis"
    variables: ClassVar = {"REDIS_URL": "url"}
    program = Program(
        "redis-server",
        folders=("/opt/homebrew/bin", "/usr/local/bin"),
        packages={"apt-get": "redis-server", "brew": "redis", "dnf": "redis", "apk": "redis"},
    )
    port_names = ("redis",)

    @property
    def url(self) -> str:
        """`redis://` with the password."""
        secret = password(self.checkout, "redis")
        return f"redis://:{secret}@{LOOPBACK}:{self.ports.port('redis')}/0"

    def prepare(self) -> None:
        """Write the configuration, readable by its owner only for the password in it."""
        text = CONFIGURATION.format(
            host=LOOPBACK,
            port=self.ports.port("redis"),
            home=f'"{self.home}"',
            password=password(self.checkout, "redis"),
        )
        write_private(self.home / "redis.conf", text)

    def command(self) -> Sequence[str]:
        return [str(self.program.path()), str(self.home / "redis.conf")]

    def probe(self) -> None:
        probes.cache(self.url)
