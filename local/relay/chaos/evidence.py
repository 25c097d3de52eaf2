"""The evidence of a run: facts from sources that do not know each other.

`gathering` collects them. `ledger` judges what they mean together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.chaos.faults.fault import Disturbance
from local.relay.accounts import id_at
from local.relay.chaos.shops import Destination


@dataclass(frozen=True, slots=True)
class Told:
    """One event that was sent to the relay, and what came of that sending.

    Attributes:
        batch: sendings that must be stored together or not at all have the same one
        status: of the item in the answer, `inserted` for a row that was committed, or None: no answer
            came, so nobody knows
        event: the number that was answered
    """

    shop: str
    order_id: str
    event_type: str
    batch: str
    status: str | None
    event: int | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.shop, self.order_id, self.event_type


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `marketing_events`."""

    id: int
    shop: str
    identity: str
    event_type: str
    source: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of `event_deliveries`, with what its event says and its attempts.

    Attributes:
        attempts: those that were noted, by their status
        attempt_count: all that were begun; only the first twenty are noted
    """

    event: int
    lane_id: int
    shop: str
    dedup_id: str
    order_id: str
    event_type: str
    status: str
    reason: str | None
    maybe_delivered: bool
    accepted_at: datetime
    ended_at: datetime | None
    attempts: Mapping[str, int] = field(default_factory=dict)
    attempt_count: int = 0

    def id_at(self, platform: str) -> str:
        """By what the platform knows the event."""
        return id_at(platform, self.dedup_id, self.order_id, self.event_type)


@dataclass(frozen=True, slots=True)
class Held:
    """What a platform holds of one account.

    Attributes:
        ids: how often each event was taken, copies included
        counted_again: how often it counted an event that it had counted before
    """

    platform: str
    account: str
    ids: Counter[str]
    counted_again: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All facts of one run.

    Attributes:
        interruptions: those of the disturbances that may keep a process from marking what it has sent
        unread_rows: rows that the intake has not looked at
        reconciliation: the relay's own ledger at rest; None when it was not asked
    """

    destinations: Sequence[Destination]
    told: Sequence[Told] = ()
    events: Sequence[Event] = ()
    deliveries: Sequence[Delivery] = ()
    held: Sequence[Held] = ()
    disturbances: Sequence[Disturbance] = ()
    interruptions: Sequence[Disturbance] = ()
    unread_rows: int = 0
    reconciliation: Mapping[str, Any] | None = None

    @property
    def accepted(self) -> Sequence[Event]:
        return [event for event in self.events if event.status == "accepted"]
