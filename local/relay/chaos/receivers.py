"""The receivers of a fault run: the local platforms, each behind a door that can be shut."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from local.chaos.proxy import TcpProxy
from local.machine.ports import LOOPBACK
from local.serving.server import start_server

PROGRAM = "local.relay.platforms.program"


class Door:
    """An address of the platforms that goes away with its connections, and comes back.

    What a platform knows stays while it is away: a real one keeps it in a database.
    """

    def __init__(self, platforms_url: str) -> None:
        self._port = urlsplit(platforms_url).port or 0
        self._shut = False
        self.proxy = TcpProxy(self._target)
        self.address = f"{LOOPBACK}:{self.proxy.port}"

    def shut(self) -> None:
        """As if the receiver was killed: what is under way is cut, and nobody answers."""
        self._shut = True
        self.proxy.cut()

    def open(self) -> None:
        self._shut = False

    def _target(self) -> int:
        if self._shut:
            raise ConnectionRefusedError
        return self._port


@contextmanager
def serve_platforms() -> Iterator[str]:
    """The address of the local platforms, which run for the time of the block."""
    with start_server(dict(os.environ), command=_command) as server:
        yield server.base_url


def _command(listener: socket.socket, *options: str) -> list[str]:
    return [sys.executable, "-m", PROGRAM, "--socket", str(listener.fileno()), *options]
