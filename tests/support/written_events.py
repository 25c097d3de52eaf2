"""Events as their rows and receipts may be, written without handlers, and a model of lists of them."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.fixtures import Query

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_EVENT = """
INSERT INTO customer_events
    (event_id, consumer_id, customer_id, sequence, event_type, source_service, payload_json,
     metadata_json, created_at, publish_status, published_at, publish_failure_reason, deliver_status,
     delivered_at, deliver_failure_reason)
VALUES
    (%(event_id)s, %(consumer_id)s, %(customer_id)s, %(sequence)s, %(event_type)s, 'test',
     jsonb_build_object('name', %(name)s::text),
     jsonb_build_object('request_id', %(request_id)s::text), %(at)s, %(publish)s::text,
     CASE WHEN %(publish)s = 'published' THEN %(at)s END, %(publish_reason)s, %(deliver)s::text,
     CASE WHEN %(deliver)s = 'delivered' THEN %(at)s END, %(deliver_reason)s)
"""
_RECEIPT = """
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, event_created_at,
                                     processing_status)
VALUES (%(consumer_id)s, %(event_id)s, %(customer_id)s, %(event_type)s, %(at)s, %(receipt)s)
"""
REASONS = {
    "pending": (None, "nacked by the broker"),
    "failed": ("nacked by the broker", "50% of it_done"),
    "published": (None,),
}
FACTS = (
    ("pending", "pending", None),
    ("failed", "pending", None),
    ("published", "pending", None),
    ("published", "pending", "received"),
    ("published", "delivered", "received"),
    ("published", "delivered", "processed"),
    ("published", "delivered", None),
    ("published", "failed", "failed"),
    ("published", "failed", "received"),
    ("published", "failed", None),
)
"""Statuses of publishing and delivery, and the receipt's."""


@dataclass
class Written:
    """One event's facts."""

    consumer_id: str
    customer_id: str
    sequence: int
    event_type: str
    at: datetime
    publish: str
    deliver: str
    receipt: str | None
    publish_reason: str | None = None
    deliver_reason: str | None = None
    name: str = "Jane"
    request_id: str = "r-1"
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def write(self, query: Query) -> Written:
        """Insert it, with its receipt."""
        query(_EVENT, **vars(self))
        if self.receipt is not None:
            query(_RECEIPT, **vars(self))
        return self


@dataclass
class Model:
    """All events that were written, and what lists must say of them."""

    events: list[Written]

    def state(self, event: Written) -> str:
        """The rule, written a second time on purpose."""
        if event.publish == "pending":
            ahead = any(
                other.customer_id == event.customer_id
                and other.sequence < event.sequence
                and other.publish == "pending"
                for other in self.events
            )
            return "held_back" if ahead else "waiting"
        if event.publish == "failed":
            return "publish_failed"
        if event.deliver == "pending":
            return "in_queue"
        if event.deliver == "delivered":
            return "received" if event.receipt == "received" else "processed"
        dead = (event.deliver_reason or "").startswith("dead-lettered: ")
        return "dead_lettered" if dead else "delivery_failed"

    def listed(self, consumer_id: str | None, filters: dict[str, Any]) -> list[str]:
        """The ids that match, newest first."""
        found = [
            event
            for event in self.events
            if consumer_id in (None, event.consumer_id) and self._matches(event, filters)
        ]
        order = sorted(found, key=lambda event: (event.at, uuid.UUID(event.event_id).bytes))
        return [
            event.event_id for event in (order if filters.get("order") == "oldest" else order[::-1])
        ]

    def _matches(self, event: Written, filters: dict[str, Any]) -> bool:
        reasons = f"{event.publish_reason}\n{event.deliver_reason}".lower()
        holds = {
            "states": lambda wanted: self.state(event) in wanted,
            "event_types": lambda wanted: event.event_type in wanted,
            "event_type": lambda wanted: event.event_type == wanted,
            "publish_status": lambda wanted: event.publish == wanted,
            "deliver_status": lambda wanted: event.deliver == wanted,
            "customer_id": lambda wanted: event.customer_id == wanted,
            "request_id": lambda wanted: event.request_id == wanted,
            "from": lambda wanted: event.at >= datetime.fromisoformat(wanted),
            "to": lambda wanted: event.at < datetime.fromisoformat(wanted),
            "reason": lambda wanted: wanted.lower() in reasons,
            "payload_contains": lambda wanted: wanted.lower() in event.name.lower(),
        }
        return all(holds[name](wanted) for name, wanted in filters.items() if name in holds)


def random_events(chance: random.Random, consumer_ids: list[str], number: int) -> Model:
    """Events of a few customers of each consumer, a second apart, some at the same time."""
    events: list[Written] = []
    sequences: dict[str, int] = {}
    customers = {
        each: [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(4)]
        for each in consumer_ids
    }
    for step in range(number):
        consumer_id = chance.choice(consumer_ids)
        customer_id = chance.choice(customers[consumer_id])
        sequence = sequences[customer_id] = sequences.get(customer_id, 0) + 1
        publish, deliver, receipt = chance.choice(FACTS)
        bank = ("account blocked", "dead-lettered: rejected") if deliver == "failed" else (None,)
        events.append(
            Written(
                consumer_id,
                customer_id,
                sequence,
                "customer_creation"
                if sequence == 1
                else chance.choice(
                    ("customer_status_change", "customer_deletion", "consumer_created")
                ),
                BEGIN + timedelta(seconds=step - step % chance.choice((1, 1, 3))),
                publish,
                deliver,
                receipt,
                chance.choice(REASONS[publish]),
                chance.choice(bank),
                chance.choice(("Jane", "Ann 100% Lee", "Bo_b")),
                f"r-{chance.randrange(4)}",
            )
        )
    return Model(events)
