"""The playing of one kill point: a tenant of its own, a death, the way back to rest, the ledger."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from local.banking.chaos import gathering
from local.banking.chaos.answers import Answer
from local.banking.chaos.evidence import Event, Evidence
from local.banking.chaos.kill_points.cell import NOTHING, Cell
from local.banking.chaos.kill_points.changes import Change
from local.banking.chaos.kill_points.processes import Ended, Task
from local.banking.chaos.kill_points.tasks import Consumption, Request
from local.banking.chaos.tenants import Tenant, onboard
from local.banking.client import Client, Reply
from local.chaos.boundaries import Boundary

REST_SECONDS = 30.0
POLL_SECONDS = 0.3


class BrokenPromise(Exception):
    """Something did not hold; the text says what."""


@dataclass
class Scene:
    """What a scenario plays with; `hit` says whether the boundary was reached."""

    cell: Cell
    boundary: Boundary | None
    hit: bool = False
    answers: list[Answer] = field(default_factory=list)

    @cached_property
    def tenant(self) -> Tenant:
        """This point's tenant, onboarded on first use."""
        name = f"bank_{uuid.uuid4().hex[:12]}"
        return onboard(self.cell.base_url, self.cell.admin_key, name, self.cell.folder)

    @property
    def has_tenant(self) -> bool:
        """Whether one was needed so far."""
        return "tenant" in vars(self)

    def send(self, request: Request, status: int | None = None) -> Reply:
        """Send a request to the server, which nobody kills; perhaps it must be answered so."""
        with Client(self.cell.base_url, request.key) as client:
            reply = client.call(request.method, request.path, request.body, headers=request.headers)
        said = f"{request.method} {request.path}: {reply.status} instead of {status}"
        self.expect(status in (None, reply.status), said)
        return reply

    def admin(self, method: str, path: str, body: Mapping[str, Any]) -> Request:
        """A request of the admin's."""
        return Request(method, path, self.cell.admin_key, body)

    def make(self, change: Change) -> Reply:
        """Send a change to the server and keep its answer for the ledger."""
        reply = self.send(change.request)
        self.answers.append(change.answered(reply.status, reply.data))
        return reply

    def kill_in(self, change: Change) -> None:
        """Let a process die in a change."""
        self.answers.append(change.answered(None, {}))
        self.kill(change.request)

    def kill(self, task: Task, settings: Mapping[str, str] = NOTHING) -> Ended:
        """Start a process at the task and let it die at the boundary."""
        ended = self.cell.run(task, settings, self.boundary)
        self.hit = self.hit or ended.hit
        return ended

    def events(self) -> list[Event]:
        """The tenant's events as they stand."""
        rows = gathering.rows(self.cell.environment["DATABASE_URL"], gathering.EVENTS)
        return [Event(**row) for row in rows if row["tenant"] == self.tenant.name]

    def come_to_rest(self) -> None:
        """The server sweeps until nothing is pending, then fresh consumers confirm all there is."""
        until("everything is published", self._published)
        until("everything is confirmed and the queues are empty", self._consumed)

    def evidence(self) -> Evidence:
        """What the tenant's rows, queues, consumer and answers show."""
        urls, database_url = self.cell.urls, self.cell.environment["DATABASE_URL"]
        found = gathering.gather(database_url, urls.rabbitmq_url, [self.tenant], self.answers, [])
        return replace(
            found,
            events=[event for event in found.events if event.tenant == self.tenant.name],
            customers=[each for each in found.customers if each.tenant == self.tenant.name],
        )

    def expect(self, holds: bool, otherwise: str) -> None:
        """See that it holds.

        Raises:
            BrokenPromise: it does not
        """
        if not holds:
            raise BrokenPromise(otherwise)

    def _published(self) -> bool:
        if all(event.publish_status != "pending" for event in self.events()):
            return True
        self.send(Request("POST", "/events/resend", self.tenant.key, {"period_in_days": 1}), 200)
        return False

    def _consumed(self) -> bool:
        consumption = Consumption(self.tenant)
        self.cell.run(consumption, consumption.settings)
        left = gathering.left_in_queues(self.cell.urls.rabbitmq_url, [self.tenant])
        waiting = {("published", "pending")} & {
            (event.publish_status, event.deliver_status) for event in self.events()
        }
        return not waiting and not sum(left.values())


def repeats(evidence: Evidence, redeliveries: Mapping[str, int]) -> Counter[str]:
    """By event: the copies that left for its queue beyond the first and the counted redeliveries.

    What the broker hands out again because a consumer has died is not one of them.
    """
    copies = Counter(each.event_id for each in evidence.deliveries if not each.redelivered)
    for event_id, times in redeliveries.items():
        copies[event_id] -= times
    return Counter({event_id: times - 1 for event_id, times in copies.items() if times > 1})


def until(what: str, done: Callable[[], bool], seconds: float = REST_SECONDS) -> None:
    """Ask again and again until it is true.

    Raises:
        BrokenPromise: it does not come true in time
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise BrokenPromise(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)
