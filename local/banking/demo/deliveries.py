"""How the demo's bank gets its events: from its queue, or by being called. The story is the same."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from local.banking.client import CallFailed, Client, Tenant, give_broker_access, have_called
from local.banking.demo.api import TimedClient
from local.banking.webhook_addresses import DEMO, port_of, url_at
from local.machine.checkout import Checkout

QUEUE, WEBHOOK = "queue", "webhook"
_PROGRESS_SECONDS = 0.5
_READY_SECONDS = 30.0
_ON_DEMAND = "on demand"
"""How the consumer refuses what it was told to refuse."""


class ChosenDelivery(NamedTuple):
    """What the bank's program is given.

    Attributes:
        options: on its command line, each time it starts
        mishaps: on its command line when it starts first
        environment: its secrets
        words: where its events go
    """

    delivery: str
    options: tuple[str, ...]
    mishaps: tuple[str, ...]
    environment: Mapping[str, str]
    words: str


class Progress(Protocol):
    """What happens between the platform and the bank while the demo plays."""

    def tell(self) -> list[str]:
        """What has happened since the last time, in words."""


def prepare(delivery: str, admin: Client, bank: Tenant, events: int) -> ChosenDelivery:
    """Have the bank get its events so; `events` is about how many will come."""
    dies = ("--die-after", str(max(1, events // 2)))
    if delivery == QUEUE:
        access = give_broker_access(admin.post, bank.consumer_id)
        words = f"its queue is customer_notification_{bank.name}"
        return ChosenDelivery(QUEUE, (), dies, access, words)
    port = port_of(Checkout(), DEMO)
    secret = have_called(admin.post, bank.consumer_id, url_at(port))
    options = ("--delivery", WEBHOOK, "--port", str(port))
    refuses = ("--refuse-at", str(max(1, events // 5)))
    words = f"it is called at {url_at(port)}"
    return ChosenDelivery(WEBHOOK, options, (*refuses, *dies), {"WEBHOOK_SECRET": secret}, words)


def await_bank(admin: Client, bank: Tenant) -> None:
    """Return when the bank's server has answered a test event.

    Raises:
        CallFailed: it does not in time
    """
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        tested = admin.post("/consumer/delivery/test", {"consumer_id": bank.consumer_id})
        if tested["outcome"] == "delivered":
            return
        if time.monotonic() > deadline:
            raise CallFailed(f"the bank's server did not take the test event: {tested['message']}")
        time.sleep(_PROGRESS_SECONDS)


class NoProgress:
    """Of a queue there is nothing to tell."""

    def tell(self) -> list[str]:
        return []


class CalledProgress:
    """How the bank's server does, and which event it refuses, as the bank sees it in the API."""

    def __init__(self, watching: TimedClient, bank: Tenant) -> None:
        self._watching = watching
        self._bank = bank
        self._state = "open"
        self._next = 0.0
        self.refused: str | None = None

    def tell(self) -> list[str]:
        if time.monotonic() < self._next:
            return []
        self._next = time.monotonic() + _PROGRESS_SECONDS
        return [*self._of_server(), *self._of_refusal()]

    def _of_server(self) -> list[str]:
        query = {"consumer_id": self._bank.consumer_id}
        now = self._watching.ask("GET", "/consumer/delivery", query=query)
        before, self._state = self._state, now["state"]
        if before == self._state:
            return []
        if self._state == "open":
            return ["the bank's server answers again; what waited comes in order"]
        until = f"until {at[11:19]} UTC" if (at := now["next_try_at"]) else "for its operator"
        return [f"the bank's server is {self._state}; its events wait {until}"]

    def _of_refusal(self) -> list[str]:
        if self.refused is not None:
            return []
        pending = {"publish_status": "pending", "limit": 200}
        events = self._watching.ask("GET", "/events/list", query=pending)["events"]
        refused = (each for each in events if each["publish_failure_reason"] == _ON_DEMAND)
        if (found := next(refused, None)) is None:
            return []
        self.refused = found["event_id"]
        return [f"the bank refuses event {self.refused}: its customer waits, and no other"]
