"""The testbed of a run of the relay: functions, schedules, storefronts, and receivers behind doors."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import psycopg2

from local.chaos import testbed
from local.chaos.sabotage import VARIABLE
from local.relay.accounts import PLATFORMS
from local.relay.calls import Platforms, Relay
from local.relay.chaos import gathering
from local.relay.chaos.environment import SETTING, environment_on, migrated, oms_url, unique
from local.relay.chaos.receivers import Door, serve_platforms
from local.relay.chaos.shops import Destination, open_shop
from local.services.running import RunningServices

SETTINGS = {
    "RELAY_RETRY_SECONDS": "0.2,0.5" + ",1" * 60,
    "RELAY_TIMEOUT_SECONDS": "1",
    "RELAY_DELIVER_SECONDS": "2",
    "RELAY_SENDERS": "24",
}
A_MINUTE = 60_000
"""Requests of each lane: a run's load comes in seconds."""
HURRY_SECONDS = 0.3
THIRD = ("meta", "pinterest", "webhook")
"""What the third storefront sends to; the others send to all."""


class Testbed(testbed.Testbed):
    """Everything that one run uses.

    Attributes:
        platforms: rules the receivers, directly
        doors: each platform's address as the relay knows it
    """

    def __init__(
        self, services: RunningServices, name: str, folder: Path, sabotage: str = ""
    ) -> None:
        self._opened = ExitStack()
        url = self._opened.enter_context(migrated(services.urls, unique(name)))
        super().__init__(services, name, folder, url)
        platforms_url = self._opened.enter_context(serve_platforms())
        self.platforms = Platforms(platforms_url)
        self.doors = {platform: Door(platforms_url) for platform in PLATFORMS}
        allowed = [door.address for door in self.doors.values()]
        self.environment = environment_on(services.urls, url, allowed, **SETTINGS)
        behind = {**self.behind(self.environment, SETTING), VARIABLE: sabotage}
        self.functions = [
            self.function(number, ["local.relay.chaos.function_process"], behind)
            for number in range(2)
        ]
        self.schedules = [
            self.program(f"schedules {number}", ["local.relay.chaos.schedule_process"], behind)
            for number in range(2)
        ]
        self.destinations: list[Destination] = []
        self._over = threading.Event()
        self._hurrying = threading.Thread(target=self._hurry, name="hurry", daemon=True)

    @property
    def oms_url(self) -> str:
        """Where the order system inserts rows."""
        return self.proxies["database"].through(oms_url(self.environment))

    def open(self, shops: int) -> None:
        """Start the processes and make the storefronts with their destinations."""
        self.start_platform()
        self._hurrying.start()
        admin = self.user("admin")
        urls = {platform: f"http://{door.address}" for platform, door in self.doors.items()}
        for number in range(shops):
            self.destinations += open_shop(
                lambda path, body: dict(admin.ask("POST", path, body)),
                f"shop{number}",
                str(number + 1),
                THIRD if number == 2 else PLATFORMS,
                urls,
            )
        for each in self.destinations:
            lane = f"/admin/v1/lanes/{each.lane_id}"
            admin.ask("PATCH", lane, {"requests_per_minute": A_MINUTE})
        admin.close()

    def reconciliation(self) -> dict[str, Any]:
        """The relay's own ledger."""
        with closing(self.user("admin")) as admin:
            return dict(admin.ask("GET", "/admin/v1/reconcile"))

    def user(self, role: str, timeout_seconds: float = 30.0) -> Relay:
        """Calls the first function process as `admin` or `ingest`."""
        name, password = (
            self.environment[f"RELAY_{role.upper()}_{each}"] for each in ("USER", "PASSWORD")
        )
        return Relay(self.base_urls[0], name, password, timeout_seconds)

    def calm(self) -> None:
        """Undo all faults, those of the receivers, too."""
        super().calm()
        for door in self.doors.values():
            door.open()
        self.platforms.calm()

    def close(self) -> None:
        """End everything and remove the database."""
        self._over.set()
        if self._hurrying.ident is not None:
            self._hurrying.join()
        super().close()
        for door in self.doors.values():
            door.proxy.close()
        self.platforms.close()
        self._opened.close()

    def _hurry(self) -> None:
        """Have closed lanes tried within seconds, as an admin may who has no time to wait."""
        while not self._over.wait(HURRY_SECONDS):
            with suppress(psycopg2.Error):  # a fault may have stopped the database
                gathering.query(self.database_url, "open_soon")
