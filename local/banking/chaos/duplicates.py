"""Counts repeats: those that Fintegrate published unasked, those of `redeliver`, the broker's own.

A message that was handed to a consumer which died comes again with `redelivered` set: the broker's
repeat. What `redeliver` sends bears a `deliver_try_count`: asked for, because nobody confirmed. All
others are duplicates: published once more because nobody could know that it had been before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from local.banking.chaos.evidence import Delivery, Disturbance, Event, Evidence

REACH_SECONDS = 5.0
"""How long after its end a fault still shows: the hand-off time, a sweep's pace, a busy machine."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often messages came again, by whose doing."""

    duplicates: int
    most_of_one_event: int
    redelivered_on_purpose: int
    repeated_by_broker: int


def count(evidence: Evidence) -> Repeats:
    """The repeats of a run."""
    copies = _by_event(evidence.deliveries)
    own = [_duplicates(deliveries) for deliveries in copies.values()]
    asked = sum(
        len({s.deliver_try for s in deliveries if s.deliver_try}) for deliveries in copies.values()
    )
    everything = sum(len(deliveries) - 1 for deliveries in copies.values())
    return Repeats(sum(own), max(own, default=0), asked, everything - sum(own) - asked)


def beyond_bound(evidence: Evidence) -> Iterator[tuple[Event, int, int]]:
    """Events with more duplicates than faults that could have touched them; with both numbers."""
    copies = _by_event(evidence.deliveries)
    for event in evidence.events:
        times = _duplicates(copies.get((event.tenant, event.event_id), []))
        if times:
            faults = sum(_touches(fault, event) for fault in evidence.disturbances)
            if times > faults:
                yield event, times, faults


def _by_event(deliveries: Sequence[Delivery]) -> dict[tuple[str, str], list[Delivery]]:
    copies = defaultdict[tuple[str, str], list[Delivery]](list)
    for delivery in deliveries:
        copies[delivery.tenant, delivery.event_id].append(delivery)
    return copies


def _duplicates(deliveries: Sequence[Delivery]) -> int:
    """How many messages of an event there were at least, beside the first and the asked for.

    Two messages are told apart by their count of tries, or by both being new to the broker's reader.
    The number is exact unless a consumer died with the second one unread.
    """
    unasked = [delivery for delivery in deliveries if not delivery.deliver_try]
    fresh = sum(not delivery.redelivered for delivery in unasked)
    tries = len({delivery.publish_try for delivery in unasked})
    return max(fresh, tries, 1) - 1


def _touches(fault: Disturbance, event: Event) -> bool:
    """Whether the fault fell into the time in which the event was on its way to its mark."""
    end = event.published_at or datetime.now(event.created_at.tzinfo)
    return (
        fault.began <= end.timestamp() + REACH_SECONDS
        and fault.ended >= event.created_at.timestamp() - REACH_SECONDS
    )
