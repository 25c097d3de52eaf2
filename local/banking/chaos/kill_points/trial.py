"""One run of a kill point: its own tenant, a death, the recovery and the ledger's check."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from local.banking.chaos import gathering
from local.banking.chaos.answers import Answer
from local.banking.chaos.evidence import Event, Evidence
from local.banking.chaos.kill_points.cell import NOTHING, Cell
from local.banking.chaos.kill_points.changes import Change
from local.banking.chaos.kill_points.tasks import Consumption, Request
from local.banking.chaos.receiver import CalledBank
from local.banking.chaos.tenants import Tenant, onboard
from local.banking.client import Client, Reply
from local.chaos.boundaries import Boundary
from local.chaos.kill_points import BrokenPromise, until
from local.chaos.looking import rows
from local.chaos.processes import Ended, Task
from local.chaos.scheduled_run import ScheduledRun


@dataclass
class Trial:
    """The means of a scenario. `hit` says whether the boundary was reached."""

    cell: Cell
    boundary: Boundary | None
    hit: bool = False
    answers: list[Answer] = field(default_factory=list)
    is_judged: bool = True
    """Whether the ledger judges; otherwise the scenario itself does."""

    @cached_property
    def tenant(self) -> Tenant:
        """This point's tenant. It is onboarded on first use."""
        name = f"bank_{uuid.uuid4().hex[:12]}"
        return onboard(self.cell.base_url, self.cell.admin_key, name, self.cell.folder)

    @property
    def has_tenant(self) -> bool:
        """Whether a tenant has been needed so far."""
        return "tenant" in vars(self)

    def send(self, request: Request, status: int | None = None) -> Reply:
        """Send a request to the server, which is never killed. An expected status may be given."""
        with Client(self.cell.base_url, request.key) as client:
            reply = client.call(request.method, request.path, request.body, headers=request.headers)
        said = f"{request.method} {request.path}: {reply.status} instead of {status}"
        self.expect(status in (None, reply.status), said)
        return reply

    def admin(self, method: str, path: str, body: Mapping[str, Any]) -> Request:
        """Send a request with the admin's key."""
        return Request(method, path, self.cell.admin_key, body)

    def make(self, change: Change) -> Reply:
        """Send a change to the server and record its answer for the ledger."""
        reply = self.send(change.request)
        self.answers.append(change.answered(reply.status, reply.data))
        return reply

    def kill_in(self, change: Change) -> None:
        """Let a process die during a change."""
        self.answers.append(change.answered(None, {}))
        self.kill(change.request)

    def kill(self, task: Task, settings: Mapping[str, str] = NOTHING) -> Ended:
        """Start a process with the task and let it die at the boundary."""
        ended = self.cell.run(task, settings, self.boundary)
        self.hit = self.hit or ended.hit
        return ended

    def events(self) -> list[Event]:
        """The current events of the tenant."""
        found = rows(self.cell.url, gathering.EVENTS)
        return [Event(**row) for row in found if row["tenant"] == self.tenant.name]

    def come_to_rest(self) -> None:
        """Let the server sweep until nothing is pending. Then fresh consumers confirm everything."""
        until("everything is published", self._published)
        until("everything is confirmed and the queues are empty", self._consumed)

    def be_called(self, **further: Any) -> CalledBank:
        """Have the tenant called by webhook from now on; its server, to tell it how to answer."""
        wanted = self.admin("POST", "/consumer/delivery", {**self.webhook(), **further})
        return self.is_called(self.send(wanted, 200).data["secret"])

    def is_called(self, secret: str) -> CalledBank:
        """Start the server of a tenant that is called."""
        bank = CalledBank(self.tenant, [secret])
        self.cell.receiver.banks[self.tenant.name] = bank
        return bank

    def webhook(self) -> dict[str, Any]:
        """The body of the request that has the tenant called."""
        return {
            "consumer_id": self.tenant.consumer_id,
            "delivery": "webhook",
            "url": self.cell.receiver.url_of(self.tenant.name),
            "max_in_flight": 3,
        }

    def come_to_rest_by_calls(self) -> None:
        """Let fresh processes call the tenant until it has settled everything; the ledger balances."""
        until("everything was called and is settled", self._settled_by_calls)
        reconcile = self.admin("GET", "/events/reconcile", {"consumer_id": self.tenant.consumer_id})
        told = self.send(reconcile, 200).data
        self.expect(told["balanced"], f"reconcile is not balanced: {told}")

    def evidence(self) -> Evidence:
        """The evidence of the tenant's rows, queues, consumer and answers."""
        urls, database_url = self.cell.urls, self.cell.url
        found = gathering.gather(database_url, urls.rabbitmq_url, [self.tenant], self.answers, [])
        return replace(
            found,
            events=[event for event in found.events if event.tenant == self.tenant.name],
            customers=[each for each in found.customers if each.tenant == self.tenant.name],
        )

    def expect(self, holds: bool, otherwise: str) -> None:
        """Check that a condition holds.

        Raises:
            BrokenPromise: it does not hold
        """
        if not holds:
            raise BrokenPromise(otherwise)

    def _settled_by_calls(self) -> bool:
        """Whether nothing waits. If something does, dead workers' leases end now, and a run follows."""
        if not self.cell.query("uncalled", consumer_id=self.tenant.consumer_id)[0]["count"]:
            return True
        self.cell.query("end_webhook_leases", consumer_id=self.tenant.consumer_id)
        self.cell.run(ScheduledRun("deliver_webhooks"))
        return False

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
    """The copies of each event in its queue, beyond the first and the counted redeliveries.

    Copies that the broker sent again because a consumer died do not count.
    """
    copies = Counter(each.event_id for each in evidence.deliveries if not each.redelivered)
    for event_id, times in redeliveries.items():
        copies[event_id] -= times
    return Counter({event_id: times - 1 for event_id, times in copies.items() if times > 1})
