"""The evidence of a run: facts from sources that do not know each other.

`gathering` collects them. `ledger` judges what they mean together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.banking.chaos.answers import Answer


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `customer_events`, with its receipt and the number of its dead letters."""

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
    given_up: bool = False
    """Whether a person gave it up (skip-head)."""


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
    """One delivery to a tenant's consumer, in the order of arrival."""

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
    """One time that a tenant's consumer applied an event, in order."""

    tenant: str
    event_id: str
    customer_id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A fault, from its beginning until everything was undone; times as `time.time()`."""

    fault: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All facts of one run."""

    tenants: Sequence[str]
    answers: Sequence[Answer] = ()
    events: Sequence[Event] = ()
    customers: Sequence[Customer] = ()
    deliveries: Sequence[Delivery] = ()
    applications: Sequence[Application] = ()
    disturbances: Sequence[Disturbance] = ()
    left_in_queues: dict[str, int] = field(default_factory=dict)
    """Messages that are still in a tenant's queue or its dead-letter queue."""
    reconciliation: Mapping[str, Any] | None = None
    """The answer of `GET /events/reconcile` at rest; None when it was not asked."""
