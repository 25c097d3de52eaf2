"""The load: callers that send batches and insert rows for several storefronts.

The seed decides what each caller sends. It does not decide the answers, nor how often a caller repeats a
batch: it does so until it is answered, as an order system does.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg2

from local.relay.calls import Relay
from local.relay.chaos import orders
from local.relay.chaos.evidence import Told
from local.serving.calls import CallFailed

TIMEOUT_SECONDS = 5.0
ATTEMPTS = 60
PAUSE_SECONDS = 0.12
"""Mean time between two batches of one caller."""
AGAIN_SECONDS = 0.25
MOST_ITEMS = 12
Item = dict[str, Any]


@dataclass
class Caller:
    """One thread of sendings, mostly of one storefront.

    Args:
        relay: its address is chosen anew for each call
        oms_url: the database as the order system reaches it
    """

    shops: Sequence[str]
    relay: Relay
    base_urls: Sequence[str]
    oms_url: str
    random: Random
    stopping: threading.Event
    told: list[Told] = field(default_factory=list)
    _sent: list[Item] = field(default_factory=list)

    def run(self) -> None:
        """Send until told to stop."""
        kinds = {self._send_new: 70, self._insert: 20, self._send_again: 10}
        while not self.stopping.wait(self.random.expovariate(1 / PAUSE_SECONDS)):
            (send,) = self.random.choices(list(kinds), list(kinds.values()))
            send()
        self.relay.close()

    def _send_new(self) -> None:
        items = [self._item() for _ in range(self.random.randint(1, MOST_ITEMS))]
        self._send(items)
        self._sent = items

    def _send_again(self) -> None:
        """The same batch: all of it is there, or it is accepted now."""
        if self._sent:
            self._send(self._sent)

    def _insert(self) -> None:
        """New rows in one transaction, and sometimes one that is known by a batch."""
        items = [self._item() for _ in range(self.random.randint(1, 4))]
        self._insert_rows(items)
        if self._sent and self.random.random() < 0.3:
            self._insert_rows([self.random.choice(self._sent)])

    def _item(self) -> Item:
        """Now and then another storefront's event is among them."""
        shop = self.random.choice(self.shops) if self.random.random() < 0.2 else self.shops[0]
        return orders.item(self.random, shop, self.random.choice(orders.TYPES))

    def _send(self, items: Sequence[Item]) -> None:
        results: Sequence[Mapping[str, Any]] = [{}] * len(items)
        for _ in range(ATTEMPTS):
            self.relay.base_url = self.random.choice(self.base_urls)
            try:
                results = self.relay.ask("POST", "/v1/events", {"data": items})["results"]
                break
            except CallFailed:
                self.stopping.wait(self.random.uniform(0, 2 * AGAIN_SECONDS))
        self._tell(items, [(each.get("status"), each.get("id")) for each in results])

    def _insert_rows(self, items: Sequence[Item]) -> None:
        status: str | None = "inserted"
        try:
            with (
                closing(psycopg2.connect(self.oms_url, connect_timeout=3)) as connection,
                connection,
                connection.cursor() as cursor,
            ):
                for each in items:
                    cursor.execute(orders.INSERT, orders.row_of(each))
        except psycopg2.Error:
            status = None  # the commit may have come through
        self._tell(items, [(status, None)] * len(items))

    def _tell(
        self, items: Sequence[Item], results: Sequence[tuple[str | None, int | None]]
    ) -> None:
        batch = str(uuid.uuid4())
        for item, (status, number) in zip(items, results, strict=True):
            identity = item["storefront_id"], item["order_id"], item["event_name"]
            self.told.append(Told(*identity, batch, status, number))


class Load:
    """All callers of a run, from `start` to `stop`."""

    def __init__(self, callers: Sequence[Caller], stopping: threading.Event) -> None:
        self._callers = callers
        self._stopping = stopping
        self._threads = [
            threading.Thread(target=caller.run, name=f"caller {number}", daemon=True)
            for number, caller in enumerate(callers)
        ]

    @property
    def told(self) -> list[Told]:
        """What was sent, and what came of it."""
        return [told for caller in self._callers for told in caller.told]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing new. Returns when the last batch is answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
