"""Compares banks and platform at rest, and explains every event that a restore has lost."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from local.banking.chaos.answers import REVOKED_KEY
from local.banking.chaos.evidence import Application, Event, Evidence
from local.banking.chaos.kind import Kind
from local.chaos.finding import Finding

UNAUTHORIZED = 401


class Fate(Enum):
    """What became of a lost event at its bank."""

    NOT_APPLIED = "not_applied"
    SUPERSEDED = "superseded"
    """Its customer has events of a higher epoch."""
    CUSTOMER_LOST = "customer_lost"
    """The platform does not have its customer, who has no event of the last epoch."""
    LISTED = "listed"
    UNKNOWN = "unknown"


def banks_agree_with_platform(evidence: Evidence) -> Iterator[Finding]:
    """The last event that a bank applied of a customer is the platform's last one.

    Its copy of the customer is the platform's, too. Left out are customers with a failed delivery.
    """
    applied = _last_applied(evidence)
    doubtful = {e.customer_id for e in evidence.events if e.deliver_status != "delivered"}
    last = {e.customer_id: e for e in sorted(evidence.events, key=lambda e: e.sequence)}
    for customer_id, event in last.items():
        if customer_id in doubtful:
            continue
        own = applied.get((event.tenant, customer_id))
        if own is None or (own.event_id, own.epoch) != (event.event_id, evidence.epoch):
            words = f"customer {customer_id}: the last event is {event.event_id}, the bank's {own}"
            yield Finding(Kind.CONTRADICTION, event.tenant, words)
    rows = {customer.customer_id: customer.status for customer in evidence.customers}
    for tenant, customers in evidence.bank_customers.items():
        for customer_id, event in last.items():
            if customer_id in doubtful or event.tenant != tenant:
                continue
            if customers.get(customer_id) != rows.get(customer_id):
                words = f"customer {customer_id} is {rows.get(customer_id)}, at the bank "
                yield Finding(Kind.CONTRADICTION, tenant, f"{words}{customers.get(customer_id)}")
        for customer_id in customers.keys() - last.keys() - _lost_customers(evidence):
            words = f"customer {customer_id} is at the bank only, and no restore has lost it"
            yield Finding(Kind.LOST, tenant, words)


def only_later_events_are_lost(evidence: Evidence) -> Iterator[Finding]:
    """A lost event was not delivered before the backup, nor sent in the epoch after it.

    After the recovery no bank gets a copy of an older epoch.
    """
    restore = evidence.restore
    if restore is None:
        return
    lost = {event.event_id for event in restore.lost}
    for each in evidence.deliveries:
        if each.at > restore.recovered and each.epoch < evidence.epoch:
            words = f"event {each.event_id} came after the recovery in epoch {each.epoch}"
            yield Finding(Kind.OUT_OF_ORDER, each.tenant, words)
        if each.event_id not in lost:
            continue
        if each.at < restore.backup_began:
            words = f"event {each.event_id} was delivered before the backup, which does not have it"
            yield Finding(Kind.LOST, each.tenant, words)
        if each.epoch >= evidence.epoch:
            words = f"lost event {each.event_id} was sent in epoch {each.epoch}"
            yield Finding(Kind.CONTRADICTION, each.tenant, words)


def lost_events_are_explained(evidence: Evidence) -> Iterator[Finding]:
    """A lost event that a bank applied is superseded, listed, or of a customer that is lost, too."""
    for event, fate in fates(evidence):
        if fate is Fate.UNKNOWN:
            words = (
                f"lost event {event.event_id} was applied, and the bank cannot know that it is lost"
            )
            yield Finding(Kind.LOST, event.tenant, words)
    known = {event.event_id for event in evidence.events}
    for event_id in evidence.listed_as_lost & known:
        yield Finding(Kind.CONTRADICTION, "", f"event {event_id} is listed as lost and is there")


def fates(evidence: Evidence) -> Iterator[tuple[Event, Fate]]:
    """What became of each lost event."""
    applied = {(each.tenant, each.event_id) for each in evidence.applications}
    last, lost_customers = _last_applied(evidence), _lost_customers(evidence)
    for event in evidence.lost:
        position = last.get((event.tenant, event.customer_id))
        if (event.tenant, event.event_id) not in applied:
            yield event, Fate.NOT_APPLIED
        elif position is not None and position.epoch == evidence.epoch:
            strange = event.customer_id in lost_customers
            yield event, Fate.UNKNOWN if strange else Fate.SUPERSEDED
        elif event.customer_id in lost_customers:
            yield event, Fate.CUSTOMER_LOST
        elif event.event_id in evidence.listed_as_lost:
            yield event, Fate.LISTED
        else:
            yield event, Fate.UNKNOWN


def recovery_is_whole(evidence: Evidence) -> Iterator[Finding]:
    """The database noticed its restore, every queue was read, and no key that had ended works."""
    restore = evidence.restore
    if restore is None:
        return
    if not restore.noticed:
        yield Finding(Kind.CONTRADICTION, "", "the restored database noticed nothing")
    if unread := restore.found.get("queues_not_read"):
        yield Finding(Kind.CONTRADICTION, "", f"queues were not read: {unread}")
    for answer in evidence.answers:
        if answer.operation == REVOKED_KEY and answer.status != UNAUTHORIZED:
            words = f"a revoked key was answered {answer.status}"
            yield Finding(Kind.CONTRADICTION, answer.tenant, words)


def _last_applied(evidence: Evidence) -> dict[tuple[str, str], Application]:
    return {(each.tenant, each.customer_id): each for each in evidence.applications}


def _lost_customers(evidence: Evidence) -> set[str]:
    """Customers with lost events and no other."""
    there = {event.customer_id for event in evidence.events}
    return {event.customer_id for event in evidence.lost} - there
