"""The three servers of a checkout together, started, awaited and stopped side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.services.service import Service


@dataclass(frozen=True)
class Trio:
    """PostgreSQL, RabbitMQ and Redis, native or in containers."""

    kind: str
    postgresql: Service
    rabbitmq: Service
    redis: Service
    rabbitmq_management_url: Callable[[], str]

    def _side_by_side(self, action: Callable[[Service], Any]) -> list[Any]:
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(action, (self.postgresql, self.rabbitmq, self.redis)))

    def start(self) -> bool:
        """Start what does not run and wait until all three answer; says whether any was started."""
        return any(self._side_by_side(_start))

    def stop(self) -> None:
        """End all three in order."""
        self._side_by_side(lambda service: service.stop())

    def remove(self) -> None:
        """End all three and delete their data."""
        self._side_by_side(lambda service: service.remove())

    def any_running(self) -> bool:
        """Whether at least one of them runs."""
        return any(self._side_by_side(lambda service: service.is_running()))


def _start(service: Service) -> bool:
    """Start one server; a frozen one runs on; one that lost its port to a race gets another."""
    service.resume()
    started = service.start()
    try:
        service.wait_ready()
    except Exception:
        if service.is_running():
            raise
        started = service.start()
        service.wait_ready()
    return started
