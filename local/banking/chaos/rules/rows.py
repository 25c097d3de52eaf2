"""Compares the rows with each other: histories without gaps, and one explained state per event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from local.banking.chaos.evidence import Event, Evidence
from local.banking.chaos.kind import Kind
from local.chaos.finding import Finding


def customers_are_what_their_events_say(evidence: Evidence) -> Iterator[Finding]:
    """Sequences have no gap. A customer is as its last event left it, or absent if deleted."""
    rows = {customer.customer_id: customer for customer in evidence.customers}
    histories = _histories(evidence.events)
    for customer_id, history in histories.items():
        last, row = history[-1], rows.get(customer_id)
        if [event.sequence for event in history] != list(range(1, len(history) + 1)):
            words = f"customer {customer_id} has sequences {[e.sequence for e in history]}"
            yield Finding(Kind.LOST, last.tenant, words)
        if any(earlier.created_at >= later.created_at for earlier, later in pairwise(history)):
            words = f"customer {customer_id}: times contradict sequences"
            yield Finding(Kind.OUT_OF_ORDER, last.tenant, words)
        should_be_gone = last.event_type == "customer_deletion"
        if should_be_gone != (row is None) or (
            row is not None and (row.event_sequence, row.status) != (last.sequence, last.status)
        ):
            words = f"customer {customer_id} is {row}, its last event {last.event_type}"
            yield Finding(Kind.CONTRADICTION, last.tenant, words)
    for customer_id in rows.keys() - histories.keys():
        words = f"customer {customer_id} has no event"
        yield Finding(Kind.LOST, rows[customer_id].tenant, words)


def _histories(events: Iterable[Event]) -> dict[str, list[Event]]:
    histories = defaultdict[str, list[Event]](list)
    for event in sorted(events, key=lambda event: event.sequence):
        histories[event.customer_id].append(event)
    return histories


def events_have_one_state(evidence: Evidence) -> Iterator[Finding]:
    """An event is in exactly one final state, or pending with a reason. Failures have a reason, too.

    Only a person may give an event up: one that failed by itself is lost.
    """
    for event in evidence.events:
        state = f"{event.publish_status}/{event.deliver_status}"
        words = f"event {event.event_id} is {state}, receipt {event.receipt}"
        if state == "pending/pending":
            reason = event.publish_reason or "no reason"
            yield Finding(Kind.UNSETTLED, event.tenant, f"{words}: {reason}")
        elif state == "published/pending":
            yield Finding(Kind.UNSETTLED, event.tenant, f"{words}: nobody has confirmed it")
        elif event.publish_status == "failed" and not event.given_up:
            yield Finding(Kind.LOST, event.tenant, f"{words}: {event.publish_reason}")
        elif not _is_explained(event):
            yield Finding(Kind.CONTRADICTION, event.tenant, words)


def _is_explained(event: Event) -> bool:
    """Whether the other columns agree with a final state."""
    match event.publish_status, event.deliver_status:
        case "published", "delivered":
            return event.receipt in {"received", "processed"}
        case "published", "failed":
            told = event.receipt == "failed" or event.dead_letters > 0
            return told and bool(event.deliver_reason)
        case "failed", "pending":
            return bool(event.publish_reason)
    return False
