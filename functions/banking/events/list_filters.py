"""Filters of lists of events: the indexes that have what may match, and the conditions of each event."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from chalicelib.banking.events.list_models import EventFilters

_SPECIAL = re.compile(r"[\\%_]")
SOURCES = (
    "all",
    "pending",
    "publish_failed",
    "undelivered",
    "delivery_failed",
    "received",
    "with_reason",
    "rare_type",
    "of_customer",
    "of_request",
)
"""Where a list's events come from: an index each."""


class Facts(NamedTuple):
    """What is true of every event in a state: its statuses, and the index that has it.

    What is delivered or failed was published, no statement leaves it otherwise. `all` has what no other
    index has.
    """

    publish: str
    deliver: str
    source: str


_FACTS = {
    "waiting": Facts("pending", "pending", "pending"),
    "held_back": Facts("pending", "pending", "pending"),
    "publish_failed": Facts("failed", "pending", "publish_failed"),
    "in_queue": Facts("published", "pending", "undelivered"),
    "received": Facts("published", "delivered", "received"),
    "processed": Facts("published", "delivered", "all"),
    "delivery_failed": Facts("published", "failed", "delivery_failed"),
    "dead_lettered": Facts("published", "failed", "delivery_failed"),
}
_LOOKING = {
    "customer_id",
    "request_id",
    "reason",
    "payload_contains",
    "event_type",
    "event_types",
}
NO_CONDITIONS = dict.fromkeys(("states", "publish_statuses", "deliver_statuses"))
_RARE = {"customer_deletion", "consumer_created"}


def sources(filters: EventFilters) -> set[str]:
    """The indexes in which every event is that can match."""
    if filters.customer_id is not None:
        return {"of_customer"}
    if filters.request_id is not None:
        return {"of_request"}
    if filters.reason is not None:
        return {"with_reason"}
    wanted = {_FACTS[state].source for state in _possible(filters)}
    if "all" not in wanted:
        return wanted
    types = set(filters.event_types or ()) | ({filters.event_type} if filters.event_type else set())
    return {"rare_type"} if types and types <= _RARE else {"all"}


def apart(filters: EventFilters) -> set[str] | None:
    """The other indexes, if the filters take whole ones; None if each event has to be looked at."""
    if filters.model_fields_set & _LOOKING:
        return None
    possible = _possible(filters)
    wanted = {_FACTS[state].source for state in possible}
    others = {facts.source for state, facts in _FACTS.items() if state not in possible}
    return others if others.isdisjoint(wanted) else None


def _possible(filters: EventFilters) -> list[str]:
    """The states in which events may match."""
    return [
        state
        for state, facts in _FACTS.items()
        if state in (filters.states or _FACTS)
        and facts.publish == (filters.publish_status or facts.publish)
        and facts.deliver == (filters.deliver_status or facts.deliver)
    ]


def conditions_of(filters: EventFilters) -> dict[str, Any]:
    """The parameters of the conditions that each event is held against."""
    facts = [_FACTS[state] for state in _possible(filters)]
    is_any = len(facts) == len(_FACTS)
    return {
        "customer_id": str(filters.customer_id) if filters.customer_id else None,
        "request_id": filters.request_id,
        "states": filters.states,
        "event_type": filters.event_type,
        "event_types": filters.event_types,
        "publish_statuses": None if is_any else sorted({each.publish for each in facts}),
        "deliver_statuses": None if is_any else sorted({each.deliver for each in facts}),
        "reason": containing(filters.reason),
        "payload": containing(filters.payload_contains),
    }


def containing(part: str | None) -> str | None:
    """The pattern of ILIKE for texts that contain this one."""
    return None if part is None else "%" + _SPECIAL.sub(r"\\\g<0>", part) + "%"
