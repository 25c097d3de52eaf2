"""Evidence of a small run in which all is well, and ways to plant one violation in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local.banking.chaos.answers import Answer
from local.banking.chaos.evidence import (
    Application,
    Customer,
    Delivery,
    Disturbance,
    Event,
    Evidence,
)

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
TENANTS = ("first", "second")


def moment(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def event(tenant: str, number: int, sequence: int, **changes: Any) -> Event:
    """A confirmed event of a customer."""
    at = moment(number * 10 + sequence)
    facts = {
        "event_id": f"{tenant}-event-{number}-{sequence}",
        "tenant": tenant,
        "customer_id": f"{tenant}-customer-{number}",
        "sequence": sequence,
        "event_type": "customer_creation" if sequence == 1 else "customer_status_change",
        "created_at": at,
        "name": f"{tenant} {number}",
        "status": "ACTIVE" if sequence % 2 else "INACTIVE",
        "publish_status": "published",
        "deliver_status": "delivered",
        "published_at": at + timedelta(milliseconds=5),
        "receipt": "processed",
    }
    return Event(**{**facts, **changes})


def delivery(of: Event, **changes: Any) -> Delivery:
    return replace(
        Delivery(of.tenant, of.event_id, of.customer_id, of.sequence, redelivered=False), **changes
    )


def application(of: Event) -> Application:
    return Application(of.tenant, of.event_id, of.customer_id, of.sequence)


def answer(of: Event, **changes: Any) -> Answer:
    """The 2xx that the event's change was answered with."""
    create = of.sequence == 1
    facts: dict[str, Any] = {
        "tenant": of.tenant,
        "operation": "create" if create else "change_status",
        "call": of.name if create else of.event_id,
        "status": 201 if create else 200,
        "key": f"key of {of.name}" if create else None,
        "data": {
            "customer_id": of.customer_id,
            "status": of.status,
            "created_at" if create else "updated_at": of.created_at.isoformat(),
        },
        "at": of.created_at.timestamp(),
    }
    return Answer(**{**facts, **changes})


def books() -> Evidence:
    """Two tenants with two customers each, whose status changed twice, and nothing wrong."""
    events = [event(t, n, s) for t in TENANTS for n in (1, 2) for s in (1, 2, 3)]
    return Evidence(
        tenants=TENANTS,
        answers=[answer(each) for each in events],
        events=events,
        customers=[
            Customer(f"{t}-customer-{n}", t, f"{t} {n}", "ACTIVE", 3)
            for t in TENANTS
            for n in (1, 2)
        ],
        deliveries=[delivery(each) for each in events],
        applications=[application(each) for each in events],
        left_in_queues=dict.fromkeys(TENANTS, 0),
    )


def without(items: Any, chosen: Callable[[Any], bool]) -> list[Any]:
    return [item for item in items if not chosen(item)]


def fault(name: str, began: float, ended: float) -> Disturbance:
    """A fault at seconds after the beginning."""
    return Disturbance(name, moment(began).timestamp(), moment(ended).timestamp())
