"""What a run leaves behind, as the ledger reads it: facts, from sources that do not know each other.

Who collects them is `gathering`; what they mean together is `ledger`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.banking.chaos.answers import Answer


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `customer_events`, with its receipt and how many dead letters it has."""

    event_id: str
    tenant: str
    customer_id: str
    sequence: int
    event_type: str
    created_at: datetime
    name: str
    status: str
    publish_status: str
    deliver_status: str
    published_at: datetime | None = None
    publish_reason: str | None = None
    deliver_reason: str | None = None
    receipt: str | None = None
    dead_letters: int = 0


@dataclass(frozen=True, slots=True)
class Customer:
    """A row of `customers` with its tags."""

    customer_id: str
    tenant: str
    name: str
    status: str
    event_sequence: int
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a tenant's consumer was handed, in the order of arrival."""

    tenant: str
    event_id: str
    customer_id: str
    sequence: int
    redelivered: bool
    publish_try: int = 1
    deliver_try: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One time that a tenant's consumer did its work for an event, in the order of doing."""

    tenant: str
    event_id: str
    customer_id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A fault, from its beginning until the system was let alone again; times as `time.time()`."""

    fault: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything of one run."""

    tenants: Sequence[str]
    answers: Sequence[Answer] = ()
    events: Sequence[Event] = ()
    customers: Sequence[Customer] = ()
    deliveries: Sequence[Delivery] = ()
    applications: Sequence[Application] = ()
    disturbances: Sequence[Disturbance] = ()
    left_in_queues: dict[str, int] = field(default_factory=dict)
    """Messages that still lie in a tenant's queue or in its dead letters."""
    reconciliation: Mapping[str, Any] | None = None
    """What `GET /events/reconcile` answered at rest; None when nobody asked."""
