"""The ledger: what was answered, committed, published, seen and applied must agree.

A pure function of the evidence. Each rule is one function that names what contradicts it; a rule
knows nothing of the others, and none of them believes a status where another source can be asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise

from local.chaos.answers import Answer
from local.chaos.duplicates import beyond_bound
from local.chaos.evidence import Application, Delivery, Event, Evidence


class Kind(Enum):
    """What a finding says is broken; the value is its name in the report."""

    LOST = "lost"
    OUT_OF_ORDER = "out_of_order"
    APPLIED_TWICE = "applied_twice"
    CROSS_TENANT = "cross_tenant"
    CONTRADICTION = "contradictions"
    UNSETTLED = "unsettled"
    TOO_MANY_DUPLICATES = "too_many_duplicates"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise, with the evidence named."""

    kind: Kind
    tenant: str
    words: str


Rule = Callable[[Evidence], Iterable[Finding]]


def check(evidence: Evidence) -> list[Finding]:
    """Every broken promise; none is what a run is for."""
    return [finding for rule in RULES for finding in rule(evidence)]


def answers_are_committed(evidence: Evidence) -> Iterator[Finding]:
    """Every 2xx of a change has its event, to the microsecond that was answered."""
    written = {(e.tenant, e.customer_id, e.event_type, e.created_at) for e in evidence.events}
    deleted = {(t, c) for t, c, kind, _ in written if kind == "customer_deletion"}
    for answer in evidence.answers:
        if not answer.succeeded:
            continue
        if answer.operation == "delete":
            there = (answer.tenant, str(answer.customer_id)) in deleted
        elif promised := _promised(answer):
            there = promised in written
        else:
            continue
        if not there:
            words = f"{answer.operation} answered {answer.status}, no such event: {answer.data}"
            yield Finding(Kind.LOST, answer.tenant, words)


def _promised(answer: Answer) -> tuple[str, str, str, datetime] | None:
    """Which event the answer to a change speaks of."""
    kinds = {
        "create": ("customer_creation", "created_at"),
        "change_status": ("customer_status_change", "updated_at"),
    }
    if answer.operation not in kinds:
        return None
    kind, moment = kinds[answer.operation]
    at = datetime.fromisoformat(answer.data[moment])
    return answer.tenant, answer.data["customer_id"], kind, at


def tags_are_committed(evidence: Evidence) -> Iterator[Finding]:
    """Every tag whose creation was answered with 2xx is there, if its customer is."""
    tags = {customer.customer_id: customer.tags for customer in evidence.customers}
    for answer in evidence.answers:
        if answer.operation == "tag" and answer.succeeded:
            missing = set(answer.sent["tag_keys"]) - tags.get(
                str(answer.customer_id), frozenset(answer.sent["tag_keys"])
            )
            if missing:
                words = f"tag of customer {answer.customer_id} answered {answer.status}, not there"
                yield Finding(Kind.LOST, answer.tenant, words)


def calls_happen_once(evidence: Evidence) -> Iterator[Finding]:
    """A creation happens at most once however often it was asked for with its key.

    A creation's name is its call's, so this also holds for calls whose answers never came.
    """
    asked = {a.call: a for a in evidence.answers if a.operation == "create"}
    created = Counter(e.name for e in evidence.events if e.event_type == "customer_creation")
    for name, times in created.items():
        if times > 1:
            yield Finding(Kind.CONTRADICTION, "", f"{name!r} was created {times} times")
        if name not in asked:
            yield Finding(Kind.CONTRADICTION, "", f"{name!r} was created, nobody asked for it")
    told = defaultdict[str, set[str]](set)
    for answer in evidence.answers:
        if answer.operation == "create" and answer.succeeded:
            told[answer.call].add(answer.data["customer_id"])
    for name, ids in told.items():
        if len(ids) > 1:
            yield Finding(Kind.CONTRADICTION, "", f"{name!r} was answered with ids {sorted(ids)}")


def customers_are_what_their_events_say(evidence: Evidence) -> Iterator[Finding]:
    """Sequences have no gap; a customer is as its last event left it, or gone if deleted."""
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
    """Exactly one terminal state, or visibly pending with a reason; failures say why."""
    for event in evidence.events:
        state = f"{event.publish_status}/{event.deliver_status}"
        words = f"event {event.event_id} is {state}, receipt {event.receipt}"
        if state == "pending/pending":
            reason = event.publish_reason or "no reason"
            yield Finding(Kind.UNSETTLED, event.tenant, f"{words}: {reason}")
        elif state == "published/pending":
            yield Finding(Kind.UNSETTLED, event.tenant, f"{words}: nobody has confirmed it")
        elif not _is_explained(event):
            yield Finding(Kind.CONTRADICTION, event.tenant, words)


def _is_explained(event: Event) -> bool:
    """Whether a state that is meant to last agrees with what must go with it."""
    match event.publish_status, event.deliver_status:
        case "published", "delivered":
            return event.receipt in {"received", "processed"}
        case "published", "failed":
            told = event.receipt == "failed" or event.dead_letters > 0
            return told and bool(event.deliver_reason)
        case "failed", "pending":
            return bool(event.publish_reason)
    return False


def published_were_seen(evidence: Evidence) -> Iterator[Finding]:
    """What counts as published was handed to the tenant's consumer at least once."""
    seen = {(delivery.tenant, delivery.event_id) for delivery in evidence.deliveries}
    for event in evidence.events:
        if event.publish_status == "published" and (event.tenant, event.event_id) not in seen:
            words = f"event {event.event_id} is published and was never in the queue"
            yield Finding(Kind.LOST, event.tenant, words)


def first_sights_are_in_order(evidence: Evidence) -> Iterator[Finding]:
    """At first sight a customer's events come as 1, 2, 3 …; only what failed may be left out."""
    failed = defaultdict[str, set[int]](set)
    for event in evidence.events:
        if event.publish_status == "failed":
            failed[event.customer_id].add(event.sequence)
    seen: dict[tuple[str, str], list[int]] = {}
    for delivery in evidence.deliveries:
        sequences = seen.setdefault((delivery.tenant, delivery.customer_id), [])
        if delivery.sequence not in sequences:
            sequences.append(delivery.sequence)
    for (tenant, customer_id), sequences in seen.items():
        left_out = failed[customer_id]
        due = [n for n in range(1, max(sequences) + 1) if n in sequences or n not in left_out]
        if sequences != due:
            words = f"customer {customer_id} was seen as {sequences}"
            yield Finding(Kind.OUT_OF_ORDER, tenant, words)


def applied_once(evidence: Evidence) -> Iterator[Finding]:
    """The consumer did its work once for each event, in order, and for all that it confirmed."""
    times = Counter((each.tenant, each.event_id) for each in evidence.applications)
    for (tenant, event_id), count in times.items():
        if count > 1:
            words = f"event {event_id} was applied {count} times"
            yield Finding(Kind.APPLIED_TWICE, tenant, words)
    for event in evidence.events:
        if event.deliver_status == "delivered" and not times[event.tenant, event.event_id]:
            words = f"event {event.event_id} is delivered and was never applied"
            yield Finding(Kind.LOST, event.tenant, words)
    last: dict[str, int] = {}
    for each in evidence.applications:
        if each.sequence < last.get(each.customer_id, 0):
            words = f"customer {each.customer_id}: {each.sequence} applied after a later one"
            yield Finding(Kind.OUT_OF_ORDER, each.tenant, words)
        last[each.customer_id] = each.sequence


def tenants_are_apart(evidence: Evidence) -> Iterator[Finding]:
    """No answer, queue or store has an id or a name of another tenant, or of nobody."""
    owner = {event.event_id: event.tenant for event in evidence.events}
    owner |= {event.customer_id: event.tenant for event in evidence.events}
    sights: list[Delivery | Application] = [*evidence.deliveries, *evidence.applications]
    for sight in sights:
        for each in (sight.event_id, sight.customer_id):
            if owner.get(each) != sight.tenant:
                words = f"{type(sight).__name__.lower()} of {each}, which is {owner.get(each)}'s"
                yield Finding(Kind.CROSS_TENANT, sight.tenant, words)
    for answer in evidence.answers:
        strangers = {i for i in _ids(answer.data) if owner.get(i, answer.tenant) != answer.tenant}
        if strangers or (answer.operation == "read_foreign" and answer.succeeded):
            words = f"{answer.operation} was answered {answer.status} with {strangers or 'data'}"
            yield Finding(Kind.CROSS_TENANT, answer.tenant, words)
    for event in evidence.events:
        if event.tenant not in evidence.tenants or not event.name.startswith(f"{event.tenant} "):
            words = f"event {event.event_id} of {event.name!r} is {event.tenant}'s"
            yield Finding(Kind.CROSS_TENANT, event.tenant, words)


def _ids(data: object) -> Iterator[str]:
    """Every text in an answer, however deep."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _ids(value)
    elif isinstance(data, list):
        for value in data:
            yield from _ids(value)


def sums_agree(evidence: Evidence) -> Iterator[Finding]:
    """Per tenant: rows, sights, work and receipts are as many as each other; the queues are empty."""
    for tenant in evidence.tenants:
        events = [event for event in evidence.events if event.tenant == tenant]
        published = sum(event.publish_status == "published" for event in events)
        seen = {each.event_id for each in evidence.deliveries if each.tenant == tenant}
        confirmed = sum(event.receipt == "processed" for event in events)
        delivered = sum(event.deliver_status == "delivered" for event in events)
        applied = {each.event_id for each in evidence.applications if each.tenant == tenant}
        if len(seen) != published:
            words = f"{published} events are published, {len(seen)} were seen"
            yield Finding(Kind.CONTRADICTION, tenant, words)
        if not confirmed == delivered <= len(applied) <= len(seen):
            words = f"{delivered} delivered, {confirmed} confirmed, {len(applied)} applied"
            yield Finding(Kind.CONTRADICTION, tenant, words)
        if left := evidence.left_in_queues.get(tenant, 0):
            yield Finding(Kind.UNSETTLED, tenant, f"{left} messages are left in its queues")


def duplicates_are_bounded(evidence: Evidence) -> Iterator[Finding]:
    """No event was published once more than there were faults while it was on its way."""
    for event, times, faults in beyond_bound(evidence):
        words = f"event {event.event_id} was repeated {times} times in {faults} faults"
        yield Finding(Kind.TOO_MANY_DUPLICATES, event.tenant, words)


RULES: Sequence[Rule] = (
    answers_are_committed,
    tags_are_committed,
    calls_happen_once,
    customers_are_what_their_events_say,
    events_have_one_state,
    published_were_seen,
    first_sights_are_in_order,
    applied_once,
    tenants_are_apart,
    sums_agree,
    duplicates_are_bounded,
)
