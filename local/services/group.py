"""The servers of a checkout together, by name: started, awaited and stopped side by side.

Knows none of them: which there are is listed in `native.servers` and `docker.servers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from local.services.service import Service

T = TypeVar("T")


class ServerGroup(Mapping[str, Service]):
    """The servers of one kind: all native, or all in containers."""

    def __init__(self, kind: str, servers: Iterable[Service]) -> None:
        self.kind = kind
        self._servers = {server.name: server for server in servers}

    def __getitem__(self, name: str) -> Service:
        return self._servers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._servers)

    def __len__(self) -> int:
        return len(self._servers)

    def addresses(self) -> dict[str, str]:
        """The functions' variables that say where the servers are."""
        return {
            variable: url
            for server in self.values()
            for variable, url in server.addresses().items()
        }

    def start(self) -> bool:
        """Start what does not run and wait until all answer; says whether any was started."""
        return any(self._side_by_side(_start))

    def stop(self) -> None:
        """End all in order."""
        self._side_by_side(lambda server: server.stop())

    def remove(self) -> None:
        """End all and delete their data."""
        self._side_by_side(lambda server: server.remove())

    def any_running(self) -> bool:
        """Whether at least one of them runs, leaving aside those that every kind has."""
        return any(self._side_by_side(lambda server: server.is_of_one_kind and server.is_running()))

    def _side_by_side(self, action: Callable[[Service], T]) -> list[T]:
        with ThreadPoolExecutor(len(self)) as pool:
            return list(pool.map(action, self.values()))


def _start(server: Service) -> bool:
    """Start one server; a frozen one runs on; one that lost its port to a race gets another."""
    server.resume()
    started = server.start()
    try:
        server.wait_ready()
    except Exception:
        if server.is_running():
            raise
        started = server.start()
        server.wait_ready()
    return started
