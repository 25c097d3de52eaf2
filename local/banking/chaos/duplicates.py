"""Counts repeats by cause: Fintegrate's own, those of `redeliver`, and the broker's.

If a consumer dies, the broker sends its message again with `redelivered` set: the broker's repeat. A
message of `redeliver` has a `deliver_try_count`: it was wanted, because nobody confirmed the event. All
others are duplicates: they were published again because it was unknown whether the first try worked.
A recovery sends every event again in a higher epoch, so the copies of each epoch are counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from local.banking.chaos.evidence import Delivery, Event, Evidence
from local.chaos.faults.fault import Disturbance

REACH_SECONDS = 5.0
"""A fault still has effects this long after its end: hand-off time, sweep interval, busy machine."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The number of repeated messages, by cause."""

    duplicates: int
    most_of_one_event: int
    redelivered_on_purpose: int
    repeated_by_broker: int


def count(evidence: Evidence) -> Repeats:
    """Count the repeats of a run."""
    copies = _by_event(evidence.deliveries)
    own = [_duplicates(deliveries) for deliveries in copies.values()]
    asked = sum(
        len({s.deliver_try for s in deliveries if s.deliver_try}) for deliveries in copies.values()
    )
    # A recovery's copy may be the first one of its epoch.
    everything = sum(
        len(deliveries) - any(not delivery.deliver_try for delivery in deliveries)
        for deliveries in copies.values()
    )
    return Repeats(sum(own), max(own, default=0), asked, everything - sum(own) - asked)


def beyond_bound(evidence: Evidence) -> Iterator[tuple[Event, int, int]]:
    """Events with more duplicates than faults that could have caused them, with both numbers."""
    events = {event.event_id: event for event in (*evidence.events, *evidence.lost)}
    for (tenant, event_id, _), deliveries in _by_event(evidence.deliveries).items():
        event, times = events.get(event_id), _duplicates(deliveries)
        if event and event.tenant == tenant and times:
            faults = sum(_touches(fault, event) for fault in evidence.disturbances)
            if times > faults:
                yield event, times, faults


def _by_event(deliveries: Sequence[Delivery]) -> dict[tuple[str, str, int], list[Delivery]]:
    copies = defaultdict[tuple[str, str, int], list[Delivery]](list)
    for delivery in deliveries:
        copies[delivery.tenant, delivery.event_id, delivery.epoch].append(delivery)
    return copies


def _duplicates(deliveries: Sequence[Delivery]) -> int:
    """The least number of an event's messages, apart from the first and the wanted ones.

    Two messages differ if their count of tries differs, or if the broker marked neither as redelivered.
    The number is exact unless a consumer died before it read the second one.
    """
    unasked = [delivery for delivery in deliveries if not delivery.deliver_try]
    fresh = sum(not delivery.redelivered for delivery in unasked)
    tries = len({delivery.publish_try for delivery in unasked})
    return max(fresh, tries, 1) - 1


def _touches(fault: Disturbance, event: Event) -> bool:
    """Whether the fault happened while the event was being published, until it was marked."""
    end = event.published_at or datetime.now(event.created_at.tzinfo)
    return (
        fault.began <= end.timestamp() + REACH_SECONDS
        and fault.ended >= event.created_at.timestamp() - REACH_SECONDS
    )
