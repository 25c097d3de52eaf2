"""Compares the rows with the queues' deliveries and the consumers' work.

A recovery sends every event again in a higher epoch. So what the rows say must be true in the platform's
last epoch alone, and order and repeats are judged in each epoch.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from local.banking.chaos.duplicates import beyond_bound
from local.banking.chaos.evidence import Evidence
from local.banking.chaos.kind import Kind
from local.chaos.finding import Finding


def published_were_delivered(evidence: Evidence) -> Iterator[Finding]:
    """Every event that counts as published was delivered to the tenant's consumer at least once."""
    seen = {(delivery.tenant, delivery.event_id) for delivery in evidence.last_deliveries}
    for event in evidence.events:
        if event.publish_status == "published" and (event.tenant, event.event_id) not in seen:
            words = f"event {event.event_id} is published and was never in the queue"
            yield Finding(Kind.LOST, event.tenant, words)


def first_deliveries_are_in_order(evidence: Evidence) -> Iterator[Finding]:
    """A customer's events are first delivered as 1, 2, 3 …; only failed ones may be missing."""
    failed = defaultdict[str, set[int]](set)
    for event in (*evidence.events, *evidence.lost):
        if event.publish_status == "failed":
            failed[event.customer_id].add(event.sequence)
    seen: dict[tuple[str, str, int], list[int]] = {}
    for delivery in evidence.deliveries:
        place = delivery.tenant, delivery.customer_id, delivery.epoch
        sequences = seen.setdefault(place, [])
        if delivery.sequence not in sequences:
            sequences.append(delivery.sequence)
    for (tenant, customer_id, _), sequences in seen.items():
        left_out = failed[customer_id]
        due = [n for n in range(1, max(sequences) + 1) if n in sequences or n not in left_out]
        if sequences != due:
            words = f"customer {customer_id} was seen as {sequences}"
            yield Finding(Kind.OUT_OF_ORDER, tenant, words)


def applied_once(evidence: Evidence) -> Iterator[Finding]:
    """The consumer applied each event once, in order, and applied all that it confirmed.

    What it applied before a recovery it applies once more: between the two lie events that are lost.
    """
    times = Counter((each.tenant, each.event_id, each.epoch) for each in evidence.applications)
    for (tenant, event_id, _), count in times.items():
        if count > 1:
            words = f"event {event_id} was applied {count} times"
            yield Finding(Kind.APPLIED_TWICE, tenant, words)
    for event in evidence.events:
        applied = times[event.tenant, event.event_id, evidence.epoch]
        if event.deliver_status == "delivered" and not applied:
            words = f"event {event.event_id} is delivered and was never applied"
            yield Finding(Kind.LOST, event.tenant, words)
    last: dict[str, tuple[int, int]] = {}
    for each in evidence.applications:
        position = each.epoch, each.sequence
        if position < last.get(each.customer_id, (0, 0)):
            words = f"customer {each.customer_id}: {position} applied after a later one"
            yield Finding(Kind.OUT_OF_ORDER, each.tenant, words)
        last[each.customer_id] = position


def sums_agree(evidence: Evidence) -> Iterator[Finding]:
    """Per tenant, rows, deliveries, applications and receipts are equal in number; queues are empty."""
    for tenant in evidence.tenants:
        events = [event for event in evidence.events if event.tenant == tenant]
        published = sum(event.publish_status == "published" for event in events)
        seen = {each.event_id for each in evidence.last_deliveries if each.tenant == tenant}
        confirmed = sum(event.receipt == "processed" for event in events)
        delivered = sum(event.deliver_status == "delivered" for event in events)
        applied = {each.event_id for each in evidence.last_applications if each.tenant == tenant}
        if len(seen) != published:
            words = f"{published} events are published, {len(seen)} were seen"
            yield Finding(Kind.CONTRADICTION, tenant, words)
        if not confirmed == delivered <= len(applied) <= len(seen):
            words = f"{delivered} delivered, {confirmed} confirmed, {len(applied)} applied"
            yield Finding(Kind.CONTRADICTION, tenant, words)
        if left := evidence.left_in_queues.get(tenant, 0):
            yield Finding(Kind.UNSETTLED, tenant, f"{left} messages are left in its queues")


def duplicates_are_bounded(evidence: Evidence) -> Iterator[Finding]:
    """No event has more duplicates than there were faults while it was being published."""
    for event, times, faults in beyond_bound(evidence):
        words = f"event {event.event_id} was repeated {times} times in {faults} faults"
        yield Finding(Kind.TOO_MANY_DUPLICATES, event.tenant, words)
