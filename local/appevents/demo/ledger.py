"""The demo's bookkeeping: what users were answered beside what the operator's accounts and they see.

`discrepancies` says in words where they do not add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local.appevents.demo.record import PROCESSED, REJECTED, Record

Account = Mapping[str, Any]
Accounts = Sequence[Account]
States = Mapping[str, Mapping[str, Any]]


def discrepancies(record: Record, states: States, accounts: Accounts) -> list[str]:
    """Every way in which the books do not add up, in words; empty when all is well.

    Args:
        states: what users read of their events, by id
        accounts: those of each service, as `GET /api/v1/ops/reconcile` gives them
    """
    return [
        *record.failures,
        *_different_fates(record, states),
        *unbalanced(record, accounts),
        *_other_sights(record),
    ]


def unbalanced(record: Record, accounts: Accounts) -> list[str]:
    """Where the accounts differ from what was answered; while events are under way they do."""
    missing = sorted(record.by_service().keys() - {own["service"] for own in accounts})
    return [
        *(f"{service} has no accounts" for service in missing),
        *(problem for own in accounts for problem in _unbalanced(record, own)),
    ]


def _different_fates(record: Record, states: States) -> Iterable[str]:
    """Each event that was answered with 202 has ended as it should."""
    for events in record.accepted.values():
        for event_id, fate in events.items():
            state, name = states.get(event_id), record.types[event_id]
            if state is None:
                yield f"{name} was accepted, and nobody knows it"
                continue
            found = state["reason"] if state["status"] == REJECTED else state["status"]
            if found != fate:
                yield f"{name} should have ended as {fate}, and is {found}"


def _unbalanced(record: Record, own: Account) -> Iterable[str]:
    service = own["service"]
    accepted = record.by_service()[service]
    rejected = record.by_service(rejected=True)[service]
    wanted = {
        "accepted": accepted,
        PROCESSED: accepted - rejected,
        REJECTED: rejected,
        "under_way": 0,
        "dead_letters": rejected + record.poisoned[service],
        "outcomes_pending": 0,
    }
    for name, number in wanted.items():
        if own[name] != number:
            yield f"{service}: {name} should be {number}, is {own[name]}"
    ended = accepted + record.straight[service]
    if own["keys"] != ended:
        yield f"{service}: {ended} events reached it, it has ended {own['keys']}"


def _other_sights(record: Record) -> Iterable[str]:
    """What somebody saw is what was done, each thing once."""
    for what, (found, wanted) in record.seen.items():
        if found != wanted:
            yield f"{what}: should be {wanted}, is {found}"
