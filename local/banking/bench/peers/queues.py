"""The tenants' queues: declares them by the contract, reads, empties and removes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chalicelib.banking.events.topology import EXCHANGE, queue_name, queues
from fintegrate.messaging.topology import declare
from local.banking.tenant_queues import remove_queues
from local.services.amqp import channel_on

SILENCE_SECONDS = 0.3
"""After this long without a message the queue counts as empty."""


class TenantQueues:
    """The queues of these consumers on one broker."""

    def __init__(self, url: str, consumer_names: Sequence[str]) -> None:
        self._url = url
        self._names = consumer_names

    @contextmanager
    def declared(self) -> Iterator[None]:
        """Declare the queues for the block."""
        declare(self._url, EXCHANGE, queues(self._names))
        try:
            yield
        finally:
            remove_queues(self._url, self._names)

    def empty(self) -> None:
        with channel_on(self._url) as channel:
            for name in self._names:
                channel.queue_purge(queue_name(name))

    def read(self) -> Iterator[list[tuple[str, int]]]:
        """Take everything out: (customer id, sequence) pairs of each queue, first to last."""
        with channel_on(self._url) as channel:
            for name in self._names:
                found: list[tuple[str, int]] = []
                for method, properties, _ in channel.consume(
                    queue_name(name), auto_ack=True, inactivity_timeout=SILENCE_SECONDS
                ):
                    if method is None:
                        break
                    headers: Any = properties.headers if properties else {}
                    found.append((headers["customer_id"], headers["sequence"]))
                channel.cancel()
                yield found
