"""The ledger names every violation that is planted in books that are otherwise in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from local.banking.chaos.evidence import Customer, Evidence
from local.banking.chaos.kind import Kind
from local.banking.chaos.ledger import check
from tests.unit.local.banking.chaos.books import (
    answer,
    application,
    books,
    delivery,
    event,
    fault,
    without,
)

FIRST = "first-event-1-1"
SECOND = "first-event-1-2"
Plant = Callable[[Evidence], Evidence]


def kinds(evidence: Evidence) -> set[Kind]:
    return {finding.kind for finding in check(evidence)}


def changed(evidence: Evidence, event_id: str, **changes: Any) -> Evidence:
    """The same with one event row changed."""
    events = [replace(e, **changes) if e.event_id == event_id else e for e in evidence.events]
    return replace(evidence, events=events)


def without_event(evidence: Evidence, event_id: str) -> Evidence:
    """Every trace of an event but the answer that promised it."""
    is_it = lambda each: each.event_id == event_id  # noqa: E731
    return replace(
        evidence,
        events=without(evidence.events, is_it),
        deliveries=without(evidence.deliveries, is_it),
        applications=without(evidence.applications, is_it),
    )


def swapped(deliveries: Any) -> list[Any]:
    """The first customer's first two deliveries the other way round."""
    first, second, *others = deliveries
    return [second, first, *others]


def test_books_in_order_have_no_finding() -> None:
    assert check(books()) == []


def test_answered_change_without_row_is_lost() -> None:
    assert Kind.LOST in kinds(without_event(books(), "first-event-1-3"))


def test_answered_creation_without_row_is_lost() -> None:
    clean = books()
    ghost = event("first", 3, 1)

    evidence = replace(clean, answers=[*clean.answers, answer(ghost)])

    assert kinds(evidence) == {Kind.LOST}


def test_answered_deletion_without_row_is_lost() -> None:
    clean = books()
    deletion = answer(
        clean.events[0], operation="delete", customer_id="first-customer-1", data={}, status=200
    )

    assert kinds(replace(clean, answers=[*clean.answers, deletion])) == {Kind.LOST}


def test_answered_tag_without_row_is_lost() -> None:
    clean = books()
    tag = answer(
        clean.events[0],
        operation="tag",
        customer_id="first-customer-1",
        sent={"tag_keys": ["colour"]},
        data={},
    )

    assert kinds(replace(clean, answers=[*clean.answers, tag])) == {Kind.LOST}


def test_missing_answer_promises_nothing() -> None:
    clean = books()
    unknown = answer(event("first", 3, 1), status=None, data={})

    assert check(replace(clean, answers=[*clean.answers, unknown])) == []


@pytest.mark.parametrize("status", [500, 502, 401, 403, 422, 429])
def test_wrongful_refusal_is_named(status: int) -> None:
    clean = books()
    answers = [*clean.answers, answer(clean.events[0], status=status, data={})]

    assert kinds(replace(clean, answers=answers)) == {Kind.CONTRADICTION}


@pytest.mark.parametrize("status", [503, 404, 409, None])
def test_refusal_by_outage_is_fine(status: int | None) -> None:
    clean = books()
    answers = [*clean.answers, answer(clean.events[0], status=status, data={})]

    assert check(replace(clean, answers=answers)) == []


def test_gap_in_sequences_is_lost() -> None:
    assert Kind.LOST in kinds(without_event(books(), SECOND))


def test_creation_that_happened_twice_is_named() -> None:
    clean = books()
    twin = event("first", 3, 1, name="first 1", status="ACTIVE")
    row = Customer("first-customer-3", "first", "first 1", "ACTIVE", 1)
    evidence = replace(
        clean,
        events=[*clean.events, twin],
        customers=[*clean.customers, row],
        deliveries=[*clean.deliveries, delivery(twin)],
        applications=[*clean.applications, application(twin)],
    )

    assert kinds(evidence) == {Kind.CONTRADICTION}


def test_second_answer_that_differs_is_named() -> None:
    clean = books()
    other = answer(clean.events[3], call="first 1")

    assert Kind.CONTRADICTION in kinds(replace(clean, answers=[*clean.answers, other]))


def test_customer_unlike_last_event_is_named() -> None:
    clean = books()
    first, *others = clean.customers

    evidence = replace(clean, customers=[replace(first, status="INACTIVE"), *others])

    assert kinds(evidence) == {Kind.CONTRADICTION}


def test_deleted_customer_still_there_is_named() -> None:
    evidence = changed(books(), "first-event-1-3", event_type="customer_deletion")

    assert Kind.CONTRADICTION in kinds(evidence)


def test_customer_without_events_is_lost() -> None:
    clean = books()
    stray = Customer("nobody", "first", "first 9", "ACTIVE", 1)

    assert kinds(replace(clean, customers=[*clean.customers, stray])) == {Kind.LOST}


def test_undelivered_published_event_is_lost() -> None:
    clean = books()
    unseen = without(clean.deliveries, lambda each: each.event_id == "first-event-1-3")

    assert Kind.LOST in kinds(replace(clean, deliveries=unseen))


def test_event_delivered_elsewhere_is_crossed() -> None:
    clean = books()
    astray = [
        replace(each, tenant="second") if each.event_id == "first-event-1-3" else each
        for each in clean.deliveries
    ]

    assert {Kind.LOST, Kind.CROSS_TENANT} <= kinds(replace(clean, deliveries=astray))


def test_swapped_deliveries_are_out_of_order() -> None:
    clean = books()

    evidence = replace(clean, deliveries=swapped(clean.deliveries))

    assert kinds(evidence) == {Kind.OUT_OF_ORDER}


def test_late_repeat_is_in_order() -> None:
    clean = books()
    late = delivery(clean.events[0], redelivered=True)

    assert check(replace(clean, deliveries=[*clean.deliveries, late])) == []


def failed(**changes: Any) -> Evidence:
    """Books with an event that failed and never came."""
    return changed(
        without_seen(books(), SECOND),
        SECOND,
        publish_status="failed",
        deliver_status="pending",
        published_at=None,
        publish_reason="NO_ROUTE",
        receipt=None,
        **changes,
    )


def test_event_given_up_may_be_missing() -> None:
    assert check(failed(given_up=True)) == []


def test_event_failed_by_itself_is_lost() -> None:
    assert kinds(failed()) == {Kind.LOST}


def without_seen(evidence: Evidence, event_id: str) -> Evidence:
    is_it = lambda each: each.event_id == event_id  # noqa: E731
    return replace(
        evidence,
        deliveries=without(evidence.deliveries, is_it),
        applications=without(evidence.applications, is_it),
    )


def test_applied_twice_is_named() -> None:
    clean = books()
    again = application(clean.events[0])

    assert Kind.APPLIED_TWICE in kinds(replace(clean, applications=[again, *clean.applications]))


def test_swapped_applications_are_out_of_order() -> None:
    clean = books()

    evidence = replace(clean, applications=swapped(clean.applications))

    assert kinds(evidence) == {Kind.OUT_OF_ORDER}


def test_delivered_but_never_applied_is_lost() -> None:
    clean = books()
    idle = without(clean.applications, lambda each: each.event_id == FIRST)

    assert Kind.LOST in kinds(replace(clean, applications=idle))


def test_foreign_event_in_answer_is_crossed() -> None:
    clean = books()
    listed = {"events": [{"event_id": "second-event-1-1"}]}
    leak = answer(clean.events[0], operation="list_events", data=listed)

    assert kinds(replace(clean, answers=[*clean.answers, leak])) == {Kind.CROSS_TENANT}


def test_readable_foreign_customer_is_crossed() -> None:
    clean = books()
    leak = answer(clean.events[0], operation="read_foreign", data={"name": "second 1"})

    assert kinds(replace(clean, answers=[*clean.answers, leak])) == {Kind.CROSS_TENANT}


def test_foreign_event_in_queue_is_crossed() -> None:
    clean = books()
    stray = replace(clean.deliveries[-1], tenant="first")

    assert Kind.CROSS_TENANT in kinds(replace(clean, deliveries=[*clean.deliveries, stray]))


def test_foreign_event_in_store_is_crossed() -> None:
    clean = books()
    stray = replace(clean.applications[-1], tenant="first")

    assert Kind.CROSS_TENANT in kinds(replace(clean, applications=[*clean.applications, stray]))


def test_event_of_wrong_tenant_is_crossed() -> None:
    clean = books()

    evidence = changed(clean, FIRST, tenant="second")

    assert Kind.CROSS_TENANT in kinds(evidence)


@pytest.mark.parametrize(
    "changes",
    [
        {"publish_status": "pending", "deliver_status": "pending", "publish_reason": "away"},
        {"publish_status": "published", "deliver_status": "pending", "receipt": None},
    ],
    ids=["unpublished", "unconfirmed"],
)
def test_event_that_still_waits_is_unsettled(changes: dict[str, Any]) -> None:
    assert Kind.UNSETTLED in kinds(changed(books(), FIRST, **changes))


def test_message_left_behind_is_unsettled() -> None:
    assert kinds(replace(books(), left_in_queues={"first": 2})) == {Kind.UNSETTLED}


@pytest.mark.parametrize(
    "changes",
    [
        {"publish_status": "pending"},
        {"receipt": None},
        {"receipt": "failed"},
        {"deliver_status": "failed", "receipt": None, "deliver_reason": "expired"},
        {"deliver_status": "failed", "receipt": "failed", "deliver_reason": None},
        {"publish_status": "failed", "deliver_status": "pending", "publish_reason": None},
    ],
    ids=[
        "delivered before it was published",
        "delivered without a receipt",
        "delivered against its receipt",
        "failed with neither dead letter nor receipt",
        "failed without a reason",
        "not published without a reason",
    ],
)
def test_state_that_contradicts_itself_is_named(changes: dict[str, Any]) -> None:
    assert Kind.CONTRADICTION in kinds(changed(books(), FIRST, **changes))


def test_dead_letter_is_a_terminal_state() -> None:
    evidence = changed(
        books(),
        "first-event-1-3",
        deliver_status="failed",
        deliver_reason="dead-lettered: rejected",
        dead_letters=1,
        receipt=None,
    )

    assert check(evidence) == []


def test_sums_that_differ_are_named() -> None:
    clean = books()
    stranger = replace(clean.deliveries[0], event_id="unknown")

    assert Kind.CONTRADICTION in kinds(replace(clean, deliveries=[*clean.deliveries, stranger]))


def reconciliation(**changes: Any) -> dict[str, Any]:
    """What the API says of the books in order, but for the first tenant's changes."""
    sums = {"committed": 6, "published": 6, "pending": 0, "failed": 0, "delivered": 6}
    first = {"consumer_name": "first", **sums, **changes}
    return {"balanced": True, "total": {}, "tenants": [first, {"consumer_name": "second", **sums}]}


def test_agreeing_reconciliation_is_fine() -> None:
    assert check(replace(books(), reconciliation=reconciliation())) == []


@pytest.mark.parametrize(
    "told",
    [
        reconciliation(committed=7),
        reconciliation(delivered=5),
        {**reconciliation(), "balanced": False},
        {**reconciliation(), "tenants": []},
    ],
    ids=["more committed", "less delivered", "not balanced", "tenant forgotten"],
)
def test_reconciliation_that_says_otherwise_is_named(told: dict[str, Any]) -> None:
    assert Kind.CONTRADICTION in kinds(replace(books(), reconciliation=told))


def test_fault_allows_one_duplicate() -> None:
    clean = books()
    twice = [*clean.deliveries, delivery(clean.events[0])]
    thrice = [*twice, delivery(clean.events[0])]
    faults = [fault("broker killed", 10, 12)]

    assert check(replace(clean, deliveries=twice, disturbances=faults)) == []
    assert kinds(replace(clean, deliveries=thrice, disturbances=faults)) == {
        Kind.TOO_MANY_DUPLICATES
    }


def test_duplicate_without_fault_is_too_many() -> None:
    clean = books()
    twice = [*clean.deliveries, delivery(clean.events[0])]
    much_later = [fault("broker killed", 500, 502)]

    assert kinds(replace(clean, deliveries=twice, disturbances=much_later)) == {
        Kind.TOO_MANY_DUPLICATES
    }
