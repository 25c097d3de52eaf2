"""Judges the calls of banks: what each took, in which order, and that every call was ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from local.banking.chaos.calls import Moment, by_customer
from local.banking.chaos.evidence import Evidence
from local.banking.chaos.kind import Kind
from local.chaos.finding import Finding


def next_waits_for_the_answer(evidence: Evidence) -> Iterator[Finding]:
    """An event is called only when each one before it of its customer was answered 2xx.

    Left out are events that failed, and those that the bank got from its queue.
    """
    elsewhere = _not_by_call(evidence)
    for (tenant, customer_id, epoch), calls in by_customer(evidence.calls).items():
        done = set(elsewhere[customer_id])
        for call in calls:
            missing = set(range(1, call.sequence)) - done
            if call.moment is Moment.ARRIVED and missing:
                words = f"customer {customer_id}, epoch {epoch}: event {call.sequence} was called"
                words = f"{words} before the bank had taken {sorted(missing)}"
                yield Finding(Kind.OUT_OF_ORDER, tenant, words)
            if call.moment is Moment.TAKEN:
                done.add(call.sequence)


def published_were_taken(evidence: Evidence) -> Iterator[Finding]:
    """Of the events that were called, each that counts as published was answered 2xx."""
    called = {(call.tenant, call.event_id) for call in evidence.calls}
    taken = {
        (call.tenant, call.event_id)
        for call in evidence.calls
        if call.moment is Moment.TAKEN and call.epoch == evidence.epoch
    }
    for event in evidence.events:
        key = event.tenant, event.event_id
        if event.publish_status == "published" and key in called - taken:
            words = f"event {event.event_id} is published and the bank never took it"
            yield Finding(Kind.LOST, event.tenant, words)


def calls_are_ours(evidence: Evidence) -> Iterator[Finding]:
    """Each call is signed, of now, and bears the id of its event."""
    for call in evidence.calls:
        if call.moment is Moment.FORGED:
            words = f"a call with the id {call.event_id!r} could not be verified"
            yield Finding(Kind.CONTRADICTION, call.tenant, words)


def _not_by_call(evidence: Evidence) -> dict[str, set[int]]:
    """The sequences of each customer that no call brings."""
    called = {(call.tenant, call.event_id) for call in evidence.calls}
    found = defaultdict[str, set[int]](set)
    for event in (*evidence.events, *evidence.lost):
        if event.publish_status == "failed":
            found[event.customer_id].add(event.sequence)
    for each in evidence.deliveries:
        if (each.tenant, each.event_id) not in called:
            found[each.customer_id].add(each.sequence)
    return found
