"""The requests of the console's page: every list with each filter alone and in pairs, and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations
from typing import NamedTuple

from local.banking.bench.console.store import Store

Query = Mapping[str, object]
ABSENT = "00000000-0000-4000-8000-000000000000"
STATES = (
    "waiting",
    "held_back",
    "publish_failed",
    "in_queue",
    "received",
    "processed",
    "delivery_failed",
    "dead_lettered",
)


class Look(NamedTuple):
    """A request. Those of a `kind` are measured together, against one bar."""

    kind: str
    path: str
    query: Query
    as_admin: bool = True

    @property
    def name(self) -> str:
        """What it asks, in short."""
        asked = " ".join(f"{name}={str(value)[:36]}" for name, value in self.query.items())
        return f"{self.path} {asked}{'' if self.as_admin else ' (bank)'}"


def lists(store: Store) -> Iterator[Look]:
    """First pages of every list. Without `total`, which is a figure of its own.

    Filters alone are asked for all banks and for the largest one; pairs in turn for one or the other.
    """
    yield from _both("events_list", "/events/list", _event_filters(store), {"total": "false"})
    yield from _both("audit_list", "/audit/list", _audit_filters(store), {})
    yield from _both("dead_letters_list", "/dead-letters/list", _letter_filters(store), {})
    jobs: list[Query] = [{"status": status} for status in ("done", "cancelled", "running")]
    yield from _both("replay_list", "/replay/list", jobs, {})
    for tagged in ({}, {"status": "ACTIVE"}, {"tag_key": "segment"}, {"tag_key": "none"}):
        yield Look("customer_list", "/customer/list", tagged, as_admin=False)
    yield Look("consumer_list", "/consumer/list", {})


def others(store: Store) -> Iterator[Look]:
    """What has a bar of its own, but the overview."""
    of_bank: Query = {"consumer_id": store.bank_id}
    hour = _hour(store)
    counted: list[Query] = [
        {},
        of_bank,
        {"states": "processed"},
        {"event_types": "customer_creation"},
        *({**of_bank, **each} for each in (hour, {"reason": "broker"})),
        {**of_bank, "states": "in_queue,received"},
    ]
    for query in counted:
        yield Look("total", "/events/list", {**query, "limit": 1})
    for part in ("John Richard Doe 1", "nobody has this name"):
        found = {**of_bank, **hour, "payload_contains": part, "total": "false"}
        yield Look("payload", "/events/list", found)
    ids = ("event_id", "customer_id", "request_id", "trace_id")
    for text in (*(store.facts[name] for name in ids), ABSENT, "bench_bank", "nothing"):
        yield Look("search", "/events/search", {"q": text})
        yield Look("search", "/events/search", {"q": text}, as_admin=False)
    for name in ("waiting_customer_id", "customer_id"):
        yield Look("lane", "/events/lane", {"customer_id": store.facts[name]})
    yield Look("event", "/events/data", {"event_id": store.facts["event_id"], "payload": "false"})
    for query in ({}, of_bank, {"from": hour["from"]}):
        yield Look("failures", "/events/failures", query)
    tail: Query = {"after": store.facts["newest_at"]}
    for query in (tail, {**tail, **of_bank}, {**tail, "watch": store.facts["event_id"]}):
        yield Look("tail", "/events/tail", query)


def _both(kind: str, path: str, filters: Sequence[Query], fixed: Query) -> Iterator[Look]:
    for query in ({}, *filters):
        for as_admin in (True, False):
            yield Look(kind, path, {**fixed, **query}, as_admin)
    pairs = ({**one, **other} for one, other in combinations(filters, 2) if not one.keys() & other)
    for number, query in enumerate(pairs):
        yield Look(kind, path, {**fixed, **query}, number % 2 == 0)


def _event_filters(store: Store) -> list[Query]:
    return [
        *({"states": state} for state in STATES),
        {"states": "received,in_queue,dead_lettered"},
        *({"event_types": each} for each in ("customer_creation", "customer_deletion")),
        {"event_types": "customer_status_change,customer_deletion"},
        {"event_type": "consumer_created"},
        *({"publish_status": each} for each in ("pending", "published", "failed")),
        *({"deliver_status": each} for each in ("pending", "delivered", "failed")),
        *({"reason": each} for each in ("no_route", "nobody has said this")),
        *({"request_id": each} for each in (store.facts["request_id"], "r-none")),
        *({"customer_id": each} for each in (store.facts["customer_id"], ABSENT)),
        _hour(store),
        {"from": (store.end_at + timedelta(days=1)).isoformat()},
        {"order": "oldest"},
    ]


def _audit_filters(store: Store) -> list[Query]:
    return [
        *({"actor": each} for each in ("Person 3", "Nobody")),
        *({"action": each} for each in ("GET /events/data", "GET /nothing")),
        *({"status_code": each} for each in (200, 409, 418)),
        *({"request_id": each} for each in (store.facts["request_id"], "r-none")),
        _hour(store),
        {"from": (store.end_at + timedelta(days=1)).isoformat()},
    ]


def _letter_filters(store: Store) -> list[Query]:
    return [
        *({"matched": each} for each in ("true", "false")),
        *({"resolved": each} for each in ("true", "false")),
        *({"reason": each} for each in ("rejected", "none of ours")),
        _hour(store),
    ]


def _hour(store: Store) -> dict[str, object]:
    """An hour of the store's last day."""
    begin = store.end_at - timedelta(hours=20)
    return {"from": begin.isoformat(), "to": (begin + timedelta(hours=1)).isoformat()}
