"""What a tenant's system shows once it is at rest, and what in it breaks a promise.

A pure function over what was collected; collecting is `scene`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.chaos.kill_points.recording import Arrival


@dataclass(frozen=True)
class Evidence:
    """The rows of one tenant, what its consumer saw arrive, and each application of an event."""

    events: Sequence[dict[str, Any]]
    sequences: dict[str, int]
    receipts: Sequence[dict[str, Any]]
    arrivals: Sequence[Arrival]
    applications: Sequence[str]


@dataclass
class Findings:
    """Broken promises, in words; and the copies of events beyond those that were meant."""

    broken: list[str] = field(default_factory=list)
    duplicates: Counter[str] = field(default_factory=Counter)
    redelivered: int = 0


def examine(evidence: Evidence) -> Findings:
    """Hold the evidence against the promises of a system at rest."""
    return Findings(
        [
            *_unsettled(evidence),
            *_gaps(evidence),
            *_strangers(evidence),
            *_overtaken(evidence.arrivals),
            *_wrongly_applied(evidence),
        ],
        _duplicates(evidence),
        sum(arrival.redelivered for arrival in evidence.arrivals),
    )


def _unsettled(evidence: Evidence) -> Iterable[str]:
    arrived = {arrival.event_id for arrival in evidence.arrivals}
    receipts = Counter(
        receipt["event_id"]
        for receipt in evidence.receipts
        if receipt["processing_status"] == "processed"
    )
    for event in evidence.events:
        name = _named(event)
        if (event["publish_status"], event["deliver_status"]) != ("published", "delivered"):
            yield f"{name} is {event['publish_status']} and {event['deliver_status']}"
        if event["event_id"] not in arrived:
            yield f"{name} was lost: it never came out of the queue"
        if receipts[event["event_id"]] != 1:
            yield f"{name} has {receipts[event['event_id']]} receipts"


def _gaps(evidence: Evidence) -> Iterable[str]:
    sequences: dict[str, list[int]] = {}
    for event in evidence.events:
        sequences.setdefault(event["customer_id"], []).append(event["sequence"])
    for customer_id, found in sequences.items():
        highest = evidence.sequences.get(customer_id, len(found))
        if sorted(found) != list(range(1, highest + 1)):
            yield f"customer {customer_id} has the events {sorted(found)} of {highest}"
    for customer_id in evidence.sequences.keys() - sequences.keys():
        yield f"customer {customer_id} has no event"


def _strangers(evidence: Evidence) -> Iterable[str]:
    known = {event["event_id"] for event in evidence.events}
    for arrival in evidence.arrivals:
        if arrival.event_id not in known:
            yield f"event {arrival.event_id} came out of the queue and is not this tenant's"


def _overtaken(arrivals: Sequence[Arrival]) -> Iterable[str]:
    seen: dict[str, list[int]] = {}
    for arrival in arrivals:
        first_sights = seen.setdefault(arrival.customer_id, [])
        if arrival.sequence not in first_sights:
            first_sights.append(arrival.sequence)
    for customer_id, first_sights in seen.items():
        if first_sights != sorted(first_sights):
            yield f"customer {customer_id} was first seen in the order {first_sights}"


def _wrongly_applied(evidence: Evidence) -> Iterable[str]:
    applied = Counter(evidence.applications)
    for event in evidence.events:
        if applied[event["event_id"]] != 1:
            yield f"{_named(event)} was applied {applied[event['event_id']]} times"


def _duplicates(evidence: Evidence) -> Counter[str]:
    """Copies that left for the queue beyond the first and those of a counted redelivery."""
    copies = Counter(arrival.event_id for arrival in evidence.arrivals if not arrival.redelivered)
    meant = {event["event_id"]: 1 + event["deliver_try_count"] for event in evidence.events}
    return Counter(
        {
            event_id: copies[event_id] - meant.get(event_id, 1)
            for event_id in copies
            if copies[event_id] > meant.get(event_id, 1)
        }
    )


def _named(event: dict[str, Any]) -> str:
    return f"event {event['event_id']} (#{event['sequence']} of {event['customer_id']})"
