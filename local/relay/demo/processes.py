"""The demo's relay: one process with API, queue and schedules, replaced when the keys change.

The schedules run each second instead of each minute. A new process serves before the old one ends, so
that nobody waits for a change of keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Self

from cryptography.fernet import Fernet

from local.relay.calls import Relay
from local.serving.server import Server, start_server

SETTINGS = {
    "SYSTEM": "relay",
    "SCHEDULER": "1",
    "RATE_LIMIT_IP_PER_MINUTE": "1000000",
    "RELAY_RATE_LIMIT_PER_MINUTE": "1000000",
    "RELAY_RETRY_SECONDS": "1,1,1,2,2,3,3,5,5",
    "RELAY_TIMEOUT_SECONDS": "5",
    "RELAY_DELIVER_SECONDS": "2",  # a process that is replaced ends its runs, so no lease waits
}


class RelayProcess:
    """The process that serves now, and the users that call it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**environment, **SETTINGS, "RELAY_KEYS": as_ring({"k1": new_key()})}
        self._server: Server | None = None
        self.admin = self._user("ADMIN")
        self.oms = self._user("INGEST")

    def _user(self, role: str) -> Relay:
        environment = self._environment
        return Relay("", environment[f"RELAY_{role}_USER"], environment[f"RELAY_{role}_PASSWORD"])

    def __enter__(self) -> Self:
        self.replace({})
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.stop()
        self.admin.close()
        self.oms.close()

    def replace(self, settings: Mapping[str, str]) -> None:
        """Serve with other settings: a new process takes over, then the old one ends in order."""
        self._environment = {**self._environment, **settings}
        old, self._server = self._server, start_server(self._environment)
        for user in (self.admin, self.oms):
            user.base_url = self._server.base_url
        if old is not None:
            old.stop()

    def key_ring(self) -> dict[str, str]:
        """The ring of keys that it has."""
        ring: dict[str, str] = json.loads(self._environment["RELAY_KEYS"])
        return ring


def as_ring(keys: Mapping[str, str]) -> str:
    """The setting that holds these keys; the first one writes."""
    return json.dumps(keys)


def new_key() -> str:
    """A key for the ring."""
    return Fernet.generate_key().decode()
