"""The evidence of a run: facts from sources that do not know each other.

`gathering` collects them. `ledger` judges what they mean together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.banking.chaos.answers import Answer
from local.banking.chaos.calls import Call
from local.chaos.faults.fault import Disturbance


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
    """One delivery to a tenant's consumer, in the order of arrival.

    A call of a bank is one, too. It is `redelivered` if no call of the event before it was taken.
    """

    tenant: str
    event_id: str
    customer_id: str
    sequence: int
    redelivered: bool
    publish_try: int = 1
    deliver_try: int = 0
    name: str = ""
    epoch: int = 1
    at: float = 0.0
    """When it arrived, as `time.time()`."""


@dataclass(frozen=True, slots=True)
class Application:
    """One time that a tenant's consumer applied an event, in order."""

    tenant: str
    event_id: str
    customer_id: str
    sequence: int
    epoch: int = 1


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore of the database from a backup; times as `time.time()`.

    The rows were read right before it and right after it, while nothing else used the database.

    Attributes:
        backup_began: the recovery point: what was answered or delivered before it must be in the backup
        recovered: the recovery had read the queues
        calls_resumed: callers were let in again
        lost: the events of the database that the backup does not have
        lost_tags: customers and keys of the same tags
        noticed: whether the restored database found out by itself
        found: the answer of `recover`
    """

    backup_began: float
    recovered: float
    calls_resumed: float
    lost: Sequence[Event] = ()
    lost_tags: frozenset[tuple[str, str]] = frozenset()
    noticed: bool = True
    found: Mapping[str, Any] = field(default_factory=dict)

    def covers(self, moment: float) -> bool:
        """Whether an answer of this moment may have lost its row."""
        return self.backup_began <= moment <= self.calls_resumed


@dataclass(frozen=True, slots=True)
class Evidence:
    """All facts of one run."""

    tenants: Sequence[str]
    answers: Sequence[Answer] = ()
    events: Sequence[Event] = ()
    customers: Sequence[Customer] = ()
    deliveries: Sequence[Delivery] = ()
    applications: Sequence[Application] = ()
    calls: Sequence[Call] = ()
    """The records of banks that are called; each one's in its order."""
    disturbances: Sequence[Disturbance] = ()
    left_in_queues: dict[str, int] = field(default_factory=dict)
    """Messages that are still in a tenant's queue or its dead-letter queue."""
    reconciliation: Mapping[str, Any] | None = None
    """The answer of `GET /events/reconcile` at rest; None when it was not asked."""
    epoch: int = 1
    """The platform's epoch at rest."""
    bank_customers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The status of each customer in a tenant's own store."""
    listed_as_lost: frozenset[str] = frozenset()
    """The ids in the table `lost_events`."""
    restore: Restore | None = None

    @property
    def lost(self) -> Sequence[Event]:
        """The events that a restore has lost."""
        return self.restore.lost if self.restore else ()

    @property
    def last_deliveries(self) -> Sequence[Delivery]:
        """Those of the platform's epoch. A recovery sends every event again in its own."""
        return [each for each in self.deliveries if each.epoch == self.epoch]

    @property
    def last_applications(self) -> Sequence[Application]:
        """Those of the platform's epoch."""
        return [each for each in self.applications if each.epoch == self.epoch]
