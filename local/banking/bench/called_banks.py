"""Banks that are called at the measurements' receiver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from local.banking.bench.api import post_with
from local.banking.bench.backlog import write_pending
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.banking.bench.drains import pending_messages
from local.banking.client import Tenant
from local.bench.receiver import Receiver
from local.bench.timing import seconds_of

MOST = 100
"""The most calls of a bank at a time."""
PATIENCE_SECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Calling:
    """A database whose banks may be called at the receiver."""

    database: BenchDatabase
    receiver: Receiver

    def call(self, tenant: Tenant, path: str, max_in_flight: int = MOST) -> None:
        """Have a bank called from now on. Nothing of it may wait."""
        post = post_with(self.database.parts.settings.admin_api_key)
        url = self.receiver.url(path)
        wanted = {"consumer_id": tenant.consumer_id, "delivery": "webhook", "url": url}
        post("/consumer/delivery", {**wanted, "max_in_flight": max_in_flight})

    def body(self) -> bytes:
        """What a bank gets: a message of one event, which the last bank has waiting from now on."""
        write_pending(self.database.database_url, self.database.tenants[-1:], 1)
        return pending_messages(self.database.parts)[0].body

    def seconds_to_deliver(self, events: int) -> float:
        """The time that a run takes for this many waiting events.

        Raises:
            RuntimeError: a different number was delivered, so the measurement would be wrong.
        """
        delivery = replace(self.database.parts.webhooks(), seconds=PATIENCE_SECONDS)
        delivered: dict[str, int] = {}
        seconds = seconds_of(lambda: delivered.update(delivery.run().rows))
        if delivered != {"delivered": events}:
            raise RuntimeError(f"of {events} events: {delivered}")
        return seconds


@contextmanager
def calling(template: BenchTemplate) -> Iterator[Calling]:
    """A copy of the template and a receiver for the block."""
    with (
        Receiver() as receiver,
        template.copy(STAGE="local", WEBHOOK_ALLOW_HOSTS=receiver.allowed) as database,
    ):
        try:
            yield Calling(database, receiver)
        finally:
            database.parts.webhooks().close()
