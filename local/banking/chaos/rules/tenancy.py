"""Checks that every delivery, application and answer belongs to its own tenant."""

from __future__ import annotations

from collections.abc import Iterator

from local.banking.chaos.evidence import Application, Delivery, Evidence
from local.banking.chaos.kind import Kind
from local.chaos.finding import Finding


def tenants_are_apart(evidence: Evidence) -> Iterator[Finding]:
    """No answer, queue or store has an id or name that belongs to another tenant or to none."""
    events = (*evidence.events, *evidence.lost)
    owner = {event.event_id: event.tenant for event in events}
    owner |= {event.customer_id: event.tenant for event in events}
    received: list[Delivery | Application] = [*evidence.deliveries, *evidence.applications]
    for item in received:
        for each in (item.event_id, item.customer_id):
            if owner.get(each) != item.tenant:
                words = f"{type(item).__name__.lower()} of {each}, which is {owner.get(each)}'s"
                yield Finding(Kind.CROSS_TENANT, item.tenant, words)
    for answer in evidence.answers:
        strangers = {i for i in _ids(answer.data) if owner.get(i, answer.tenant) != answer.tenant}
        if strangers or (answer.operation == "read_foreign" and answer.succeeded):
            words = f"{answer.operation} was answered {answer.status} with {strangers or 'data'}"
            yield Finding(Kind.CROSS_TENANT, answer.tenant, words)
    for event in events:
        if event.tenant not in evidence.tenants or not event.name.startswith(f"{event.tenant} "):
            words = f"event {event.event_id} of {event.name!r} is {event.tenant}'s"
            yield Finding(Kind.CROSS_TENANT, event.tenant, words)


def _ids(data: object) -> Iterator[str]:
    """Every text in an answer, at any depth."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _ids(value)
    elif isinstance(data, list):
        for value in data:
            yield from _ids(value)
