"""The ledger of the relay's fault runs names each planted violation, and nothing in a good run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from local.chaos.faults.fault import Disturbance
from local.relay.chaos.evidence import Delivery, Event, Evidence, Held, Told
from local.relay.chaos.ledger import Kind, check, copies
from local.relay.chaos.shops import Destination

BEGIN = datetime(2026, 11, 26, 12, tzinfo=UTC)
END = BEGIN + timedelta(seconds=2)
DESTINATIONS = (
    Destination("first", "meta", 1, "90001"),
    Destination("first", "ga4", 2, "G-1"),
    Destination("second", "meta", 3, "90002"),
)
T = TypeVar("T")


def _told(shop: str, number: int) -> Told:
    return Told(shop, f"{shop}-{number}", "purchase_completed", f"batch {shop}", "accepted", number)


def _event(shop: str, number: int) -> Event:
    return Event(number, shop, f"{shop}-{number}", "purchase_completed", "api", "accepted")


def _delivery(shop: str, number: int, lane_id: int) -> Delivery:
    order = f"{shop}-{number}"
    return Delivery(
        event=number,
        lane_id=lane_id,
        shop=shop,
        dedup_id=f"{order}:purchase_completed",
        order_id=order,
        event_type="purchase_completed",
        status="delivered",
        reason=None,
        maybe_delivered=False,
        accepted_at=BEGIN,
        ended_at=END,
        attempts={"delivered": 1},
        attempt_count=1,
    )


def _held(destination: Destination, numbers: Sequence[int]) -> Held:
    shop, platform = destination.shop, destination.platform
    ids = [_delivery(shop, number, 0).id_at(platform) for number in numbers]
    return Held(platform, destination.account, Counter(ids))


GOOD = Evidence(
    destinations=DESTINATIONS,
    told=[_told("first", 1), _told("first", 2), _told("second", 3)],
    events=[_event("first", 1), _event("first", 2), _event("second", 3)],
    deliveries=[
        *(_delivery("first", number, lane) for number in (1, 2) for lane in (1, 2)),
        _delivery("second", 3, 3),
    ],
    held=[
        _held(DESTINATIONS[0], [1, 2]),
        _held(DESTINATIONS[1], [1, 2]),
        _held(DESTINATIONS[2], [3]),
    ],
)


def changed(values: Sequence[T], place: int, **changes: Any) -> list[T]:
    """The values, one of them with changes."""
    made: Any = replace(values[place], **changes)  # type: ignore[type-var]
    return [*values[:place], made, *values[place + 1 :]]


def delivery(**changes: Any) -> Evidence:
    """The first delivery is another; it goes to Meta."""
    return replace(GOOD, deliveries=changed(GOOD.deliveries, 0, **changes))


def held(place: int, **changes: Any) -> Evidence:
    return replace(GOOD, held=changed(GOOD.held, place, **changes))


def twice(**changes: Any) -> Evidence:
    """Meta has taken the first event twice."""
    ids = GOOD.held[0].ids + Counter(["first-1:purchase_completed"])
    return replace(held(0, ids=ids), **changes)


def interruption(began: float) -> Disturbance:
    """A second of something, so long after the beginning."""
    at = BEGIN.timestamp() + began
    return Disturbance("delivery killed", at, at + 1)


def reconciled(delivered: int = 5, *, balanced: bool = True) -> Evidence:
    """The relay's own ledger says so."""
    total = {"pending": 0, "delivered": delivered, "failed": 0, "expired": 0, "skipped": 0}
    own = {"balanced": balanced, "discrepancies": {}, "total": total}
    return replace(GOOD, reconciliation=own)


VIOLATIONS: dict[str, tuple[Kind, Callable[[], Evidence]]] = {
    "answered and not there": (Kind.LOST, lambda: replace(GOOD, events=GOOD.events[:2])),
    "answered with another number": (
        Kind.CONTRADICTION,
        lambda: replace(GOOD, told=changed(GOOD.told, 0, event=99)),
    ),
    "a batch in part": (
        Kind.CONTRADICTION,
        lambda: replace(
            GOOD,
            told=[*GOOD.told, Told("first", "unknown", "purchase_completed", "batch first", None)],
        ),
    ),
    "sent by nobody": (Kind.CONTRADICTION, lambda: replace(GOOD, told=GOOD.told[:2])),
    "stands twice": (
        Kind.DOUBLED,
        lambda: replace(GOOD, events=[*GOOD.events, replace(GOOD.events[0], id=4)]),
    ),
    "no delivery for a destination": (
        Kind.LOST,
        lambda: replace(GOOD, deliveries=GOOD.deliveries[1:]),
    ),
    "a delivery for another's destination": (
        Kind.CROSSED,
        lambda: replace(GOOD, deliveries=[*GOOD.deliveries, _delivery("first", 1, 3)]),
    ),
    "delivered and not arrived": (Kind.LOST, lambda: held(0, ids=Counter())),
    "arrived and not delivered": (
        Kind.CONTRADICTION,
        lambda: delivery(status="failed", reason="refused", attempts={}),
    ),
    "still pending": (Kind.UNSETTLED, lambda: delivery(status="pending", attempts={})),
    "not looked at": (Kind.UNSETTLED, lambda: replace(GOOD, unread_rows=1)),
    "ended without a reason": (
        Kind.LOST,
        lambda: delivery(status="skipped", maybe_delivered=True, attempts={}),
    ),
    "rejected without a reason": (
        Kind.LOST,
        lambda: replace(
            GOOD, events=[*GOOD.events, Event(9, "first", "x", "paid", "oms", "rejected")]
        ),
    ),
    "an event of another account": (
        Kind.CROSSED,
        lambda: held(2, ids=GOOD.held[2].ids + Counter(["first-1:purchase_completed"])),
    ),
    "counted twice": (Kind.DOUBLED, lambda: held(0, counted_again=1)),
    "a copy without a cause": (Kind.DOUBLED, twice),
    "a copy long before its cause": (
        Kind.DOUBLED,
        lambda: twice(interruptions=[interruption(60)]),
    ),
    "delivered by no attempt": (Kind.CONTRADICTION, lambda: delivery(attempts={"outage": 1})),
    "its own ledger unbalanced": (Kind.CONTRADICTION, lambda: reconciled(balanced=False)),
    "its own ledger other than the rows": (Kind.CONTRADICTION, lambda: reconciled(4)),
    "delivered and taken back": (
        Kind.CONTRADICTION,
        lambda: delivery(status="expired", reason="too_old", maybe_delivered=True),
    ),
}


def test_good_run_has_no_finding() -> None:
    assert check(GOOD) == []
    assert check(reconciled()) == []


@pytest.mark.parametrize("name", VIOLATIONS)
def test_planted_violation_is_found(name: str) -> None:
    kind, evidence = VIOLATIONS[name]

    assert kind in {finding.kind for finding in check(evidence())}


def test_interruption_explains_one_copy() -> None:
    assert check(twice(interruptions=[interruption(1)])) == []


def test_unread_answer_explains_one_copy() -> None:
    unknown = delivery(attempts={"unknown": 1, "delivered": 1}, maybe_delivered=True)

    assert check(replace(twice(), deliveries=unknown.deliveries)) == []


def test_copies_are_counted_by_account() -> None:
    assert copies(twice()) == Counter({("90001", "first-1:purchase_completed"): 1})
