"""A tenant's calls that write an event, in a form that the ledger can check."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.banking.chaos.answers import Answer
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.tenants import Tenant

_PLACES = {
    "create": ("POST", "/customer/data"),
    "change_status": ("PATCH", "/customer/change-status"),
    "delete": ("DELETE", "/customer/data"),
}


@dataclass(frozen=True)
class Change:
    """One call. With a `key` it may be sent again."""

    tenant: Tenant
    operation: str
    body: Mapping[str, Any]
    key: str | None = None
    call: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def request(self) -> Request:
        method, path = _PLACES[self.operation]
        headers = {"Idempotency-Key": self.key} if self.key else {}
        return Request(method, path, self.tenant.key, self.body, headers)

    def answered(self, status: int | None, data: Mapping[str, Any]) -> Answer:
        """The record of an attempt. There is no status when no answer came."""
        return Answer(
            self.tenant.name,
            self.operation,
            self.call,
            status,
            self.body.get("customer_id"),
            self.key,
            dict(self.body),
            dict(data),
        )


def creation(tenant: Tenant, key: str | None = None) -> Change:
    """A customer whose name tells its owner and the call that made it."""
    name = f"{tenant.name} {uuid.uuid4()}"
    return Change(tenant, "create", {"name": name, "status": "ACTIVE"}, key, name)


def status_change(tenant: Tenant, customer_id: str, status: str = "INACTIVE") -> Change:
    return Change(tenant, "change_status", {"customer_id": customer_id, "status": status})


def deletion(tenant: Tenant, customer_id: str) -> Change:
    return Change(tenant, "delete", {"customer_id": customer_id})


@dataclass(frozen=True)
class Outage:
    """A task: create customers and change them twice while the broker is away (with `NO_BROKER`)."""

    tenant: Tenant
    customers: int

    def __call__(self) -> list[Answer]:
        """Make the calls and return their answers."""
        answers = []
        for _ in range(self.customers):
            created = _made(creation(self.tenant))
            answers.append(created)
            for status in ("INACTIVE", "ACTIVE"):
                change = status_change(self.tenant, created.data["customer_id"], status)
                answers.append(_made(change))
        return answers


NO_BROKER = {"RABBITMQ_URL": "amqp://127.0.0.1:1/%2F"}
"""An address where nothing listens."""


def _made(change: Change) -> Answer:
    reply = change.request()
    return change.answered(reply.status, reply.data)
