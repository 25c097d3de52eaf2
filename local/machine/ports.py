"""Free ports of one checkout: chosen once and remembered; a port that was taken is chosen anew.

The ports lie below the range the system hands to outgoing connections, so that a server
that is stopped for a moment finds its port free when it comes back.
"""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

from local.machine.checkout import Checkout

LOOPBACK = "127.0.0.1"
CANDIDATES = range(20_000, 32_000)


class NoFreePort(RuntimeError):
    """Every port that was tried is taken."""


def is_free(port: int) -> bool:
    """Whether a server could listen on that port of the loopback address now."""
    with socket.socket() as caller:
        caller.settimeout(1)
        if caller.connect_ex((LOOPBACK, port)) == 0:
            return False
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def next_free(wanted: int, tries: int = 100) -> int:
    """The wanted port or the first free one after it."""
    for port in range(wanted, wanted + tries):
        if is_free(port):
            return port
    raise NoFreePort(
        f"Ports {wanted} to {wanted + tries - 1} are all taken or not ours to take; give another"
    )


class PortBook:
    """The remembered ports of a checkout, by the name of what listens there."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    @property
    def _path(self) -> Path:
        return self._checkout.state / "ports.json"

    def _read(self) -> dict[str, int]:
        if not self._path.exists():
            return {}
        ports: dict[str, int] = json.loads(self._path.read_text())
        return ports

    def port(self, name: str) -> int:
        """The remembered port, or a free one that is remembered from now on."""
        with self._checkout.locked("ports"):
            ports = self._read()
            if name not in ports:
                ports[name] = self._choose(set(ports.values()))
                self._write(ports)
            return ports[name]

    def renew_taken(self, names: tuple[str, ...]) -> None:
        """Forget those of the names' ports that are taken; to be called while ours are down."""
        with self._checkout.locked("ports"):
            ports = self._read()
            kept = {n: p for n, p in ports.items() if n not in names or is_free(p)}
            self._write(kept)

    def _write(self, ports: dict[str, int]) -> None:
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps(ports, indent=1, sort_keys=True))
        unfinished.replace(self._path)

    @staticmethod
    def _choose(taken: set[int]) -> int:
        for port in random.sample(CANDIDATES, 200):
            if port not in taken and is_free(port):
                return port
        raise NoFreePort("No free port between 20000 and 32000 was found in 200 tries")
