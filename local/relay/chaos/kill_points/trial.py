"""One run of a kill point: its own storefront, a death, the recovery and the ledger's check."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import psycopg2

from local.chaos.boundaries import Boundary
from local.chaos.kill_points import BrokenPromise
from local.chaos.processes import Ended, Task
from local.machine.environment import may_use_proxy
from local.relay.chaos import gathering, orders
from local.relay.chaos.environment import oms_url
from local.relay.chaos.evidence import Evidence, Told
from local.relay.chaos.kill_points.cell import Cell
from local.relay.chaos.kill_points.tasks import Opening, Schedules, sending
from local.relay.chaos.shops import Destination

MOST_RUNS = 8
"""Runs of the delivery after which everything must have ended."""


@dataclass
class Trial:
    """The means of a scenario. `hit` says whether the boundary was reached."""

    cell: Cell
    boundary: Boundary | None
    hit: bool = False
    destinations: Sequence[Destination] = ()
    told: list[Told] = field(default_factory=list)

    def open_shop(self, *platforms: str) -> str:
        """Make a storefront with these destinations; its code."""
        code, digits = f"shop-{uuid.uuid4()}", str(uuid.uuid4().int)[:15]
        opening = Opening(code, digits, platforms, self.cell.platforms_url)
        self.destinations = [*self.destinations, *self.cell.run(opening).answer]
        return code

    def items(self, count: int, code: str = "") -> list[dict[str, Any]]:
        """New events of a storefront, by default the first, which everybody may have."""
        shop = code or self.destinations[0].shop
        random = Random(shop)  # noqa: S311  # repeatable
        made = [orders.item(random, shop) for _ in range(count)]
        return [{name: each[name] for name in each.keys() - {"consent"}} for each in made]

    def send(self, items: Sequence[Mapping[str, Any]]) -> list[str]:
        """Send a batch as the order system; the status of each item."""
        results = self.cell.run(sending(items)).answer["results"]
        self._tell(items, [each["status"] for each in results], [each["id"] for each in results])
        return [each["status"] for each in results]

    def insert(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows as the order system."""
        with (
            closing(psycopg2.connect(oms_url(self.cell.environment))) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            for each in items:
                cursor.execute(orders.INSERT, orders.row_of(each))
        self._tell(items, ["inserted"] * len(items), [None] * len(items))

    def kill_sending(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Let a process die while it takes a batch."""
        self._tell(items, [None] * len(items), [None] * len(items))
        self.kill(sending(items))

    def kill(self, task: Task) -> Ended:
        """Start a process with the task and let it die at the boundary."""
        ended = self.cell.run(task, self.boundary)
        self.hit = self.hit or ended.hit
        return ended

    def behave(self, platform: str, how: str, **further: Any) -> None:
        """Let this trial's account at a platform misbehave."""
        (account,) = (each.account for each in self.destinations if each.platform == platform)
        url = f"{self.cell.platforms_url}/_behave"
        body = {"platform": platform, "account": account, "how": how, **further}
        httpx.post(url, json=body, trust_env=may_use_proxy(url)).raise_for_status()

    def query(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        return gathering.query(self.cell.url, statement, **parameters)

    def come_to_rest(self) -> None:
        """Let the schedules run, as if the time of dead leases had passed, until nothing is left."""
        for _ in range(MOST_RUNS):
            self.query("let_leases_end")
            self.cell.run(Schedules())
            if not gathering.count(self.cell.url, "unsettled"):
                return
        raise BrokenPromise(f"not at rest after {MOST_RUNS} runs")

    def evidence(self) -> Evidence:
        """All facts about this trial's storefront."""
        return gathering.gather(
            self.cell.url, self.cell.platforms_url, self.destinations, self.told
        )

    def expect(self, holds: bool, otherwise: str) -> None:
        """Check that a condition holds.

        Raises:
            BrokenPromise: it does not hold
        """
        if not holds:
            raise BrokenPromise(otherwise)

    def _tell(
        self,
        items: Sequence[Mapping[str, Any]],
        statuses: Sequence[str | None],
        numbers: Sequence[int | None],
    ) -> None:
        batch = str(uuid.uuid4())
        for item, status, number in zip(items, statuses, numbers, strict=True):
            self.told.append(
                Told(
                    item["storefront_id"],
                    item["order_id"],
                    item["event_name"],
                    batch,
                    status,
                    number,
                )
            )
