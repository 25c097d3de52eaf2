"""A restore excuses what came between its backup and itself, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from local.banking.chaos.answers import REVOKED_KEY, Answer
from local.banking.chaos.duplicates import count
from local.banking.chaos.evidence import Evidence, Restore
from local.banking.chaos.kind import Kind
from local.banking.chaos.ledger import check
from local.banking.chaos.rules.answers import lost_to_restore
from local.banking.chaos.rules.restores import Fate, fates
from tests.unit.local.banking.chaos.books import (
    TENANTS,
    answer,
    application,
    books,
    delivery,
    event,
    moment,
    without,
)

BEFORE, BACKUP, BETWEEN, RECOVERED, RESUMED, AFTER = (
    moment(seconds).timestamp() for seconds in (500, 1000, 1050, 1100, 1110, 1200)
)
CHANGE = event("first", 1, 4, created_at=moment(1050))
BIRTH = event("first", 9, 1, created_at=moment(1050))
"""Events that the restore has lost: of a customer that is there, and of one that is not."""
LAST = "first-event-1-3"


def restored(**changes: Any) -> Evidence:
    """Books in order after a restore: a recovery has sent all events again, in epoch 2."""
    clean = books()
    lost = [CHANGE, BIRTH]
    evidence = replace(
        clean,
        answers=[*clean.answers, *(answer(each, at=BETWEEN) for each in lost)],
        deliveries=[
            *(delivery(each, at=BEFORE) for each in clean.events),
            *(delivery(each, at=BETWEEN) for each in lost),
            *(delivery(each, at=AFTER, epoch=2, deliver_try=1) for each in clean.events),
        ],
        applications=[
            *(application(each) for each in [*clean.events, *lost]),
            *(replace(application(each), epoch=2) for each in clean.events),
        ],
        bank_customers={
            tenant: {f"{tenant}-customer-{n}": "ACTIVE" for n in (1, 2)} for tenant in TENANTS
        },
        epoch=2,
        restore=Restore(BACKUP, RECOVERED, RESUMED, lost),
    )
    evidence.bank_customers["first"][BIRTH.customer_id] = "ACTIVE"  # type: ignore[index]
    return replace(evidence, **changes)


def kinds(evidence: Evidence) -> set[Kind]:
    return {finding.kind for finding in check(evidence)}


def with_restore(evidence: Evidence, **changes: Any) -> Evidence:
    assert evidence.restore is not None
    return replace(evidence, restore=replace(evidence.restore, **changes))


def with_answer(*answers: Answer) -> Evidence:
    clean = restored()
    return replace(clean, answers=[*clean.answers, *answers])


def test_restored_books_have_no_finding() -> None:
    assert check(restored()) == []


def test_losses_are_counted() -> None:
    clean = restored()
    assert sum(lost_to_restore(clean, each) for each in clean.answers) == 2
    assert dict(fates(clean)) == {CHANGE: Fate.SUPERSEDED, BIRTH: Fate.CUSTOMER_LOST}


def test_same_loss_without_restore_is_found() -> None:
    assert Kind.LOST in kinds(restored(restore=None))


@pytest.mark.parametrize("at", [BEFORE, AFTER], ids=["before the backup", "after the restore"])
def test_answer_of_another_time_is_lost(at: float) -> None:
    clean = restored()
    answers = [replace(each, at=at) if each.at == BETWEEN else each for each in clean.answers]

    assert kinds(replace(clean, answers=answers)) == {Kind.LOST}


def test_answer_that_never_had_a_row_is_lost() -> None:
    ghost = answer(event("first", 8, 1), at=BETWEEN)

    assert kinds(with_answer(ghost)) == {Kind.LOST}


@pytest.mark.parametrize(("at", "is_lost"), [(BEFORE, True), (BETWEEN, False), (AFTER, True)])
def test_tag_is_lost_between_only(at: float, is_lost: bool) -> None:
    tag = Answer(
        "first", "tag", "call", 201, "first-customer-1", sent={"tag_keys": ["colour"]}, at=at
    )
    evidence = with_restore(with_answer(tag), lost_tags=frozenset({("first-customer-1", "colour")}))

    assert kinds(evidence) == ({Kind.LOST} if is_lost else set())


def test_tag_may_be_lost_with_its_customers_deletion() -> None:
    """The database had no such tag any more when it was restored."""
    tag = Answer(
        "first", "tag", "call", 201, "first-customer-1", sent={"tag_keys": ["colour"]}, at=BETWEEN
    )
    gone = replace(CHANGE, event_type="customer_deletion")
    evidence = with_restore(with_answer(tag), lost=[gone, BIRTH])
    answers = without(evidence.answers, lambda each: each.call == CHANGE.event_id)

    assert kinds(replace(evidence, answers=answers)) == set()


def test_event_unseen_after_the_restore_is_lost() -> None:
    clean = restored()
    is_it = lambda each: (each.event_id, each.epoch) == (LAST, 2)  # noqa: E731

    assert Kind.LOST in kinds(replace(clean, deliveries=without(clean.deliveries, is_it)))


def test_bank_that_applied_nothing_again_is_found() -> None:
    """It is left with the event that the platform has lost."""
    clean = restored()
    is_it = lambda each: (each.customer_id, each.epoch) == ("first-customer-1", 2)  # noqa: E731

    evidence = replace(clean, applications=without(clean.applications, is_it))

    assert {Kind.LOST, Kind.CONTRADICTION} <= kinds(evidence)
    assert dict(fates(evidence))[CHANGE] is Fate.UNKNOWN


def test_listed_event_is_known() -> None:
    clean = restored()
    is_it = lambda each: (each.customer_id, each.epoch) == ("first-customer-1", 2)  # noqa: E731
    evidence = replace(
        clean,
        applications=without(clean.applications, is_it),
        listed_as_lost=frozenset({CHANGE.event_id}),
    )

    assert dict(fates(evidence))[CHANGE] is Fate.LISTED


def test_event_there_but_listed_is_named() -> None:
    assert kinds(restored(listed_as_lost=frozenset({LAST}))) == {Kind.CONTRADICTION}


def test_applied_twice_in_one_epoch_is_named() -> None:
    clean = restored()
    again = clean.applications[-1]

    evidence = replace(clean, applications=[*clean.applications, again])

    assert kinds(evidence) == {Kind.APPLIED_TWICE}


def test_older_epoch_applied_later_is_out_of_order() -> None:
    """A copy from a process of before the restore: its sequence is higher, its epoch is not."""
    clean = restored()
    (late,) = (each for each in clean.applications if each.event_id == CHANGE.event_id)
    others = [each for each in clean.applications if each is not late]

    assert Kind.OUT_OF_ORDER in kinds(replace(clean, applications=[*others, late]))


def test_overtaking_in_the_new_epoch_is_found() -> None:
    clean = restored()
    *others, second, third = clean.deliveries

    evidence = replace(clean, deliveries=[*others, third, second])

    assert kinds(evidence) == {Kind.OUT_OF_ORDER}


def test_gap_before_the_backup_is_found() -> None:
    clean = restored()
    is_it = lambda each: (each.event_id, each.epoch) == ("first-event-1-2", 1)  # noqa: E731

    evidence = replace(clean, deliveries=without(clean.deliveries, is_it))

    assert kinds(evidence) == {Kind.OUT_OF_ORDER}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"at": BEFORE}, Kind.LOST),
        ({"epoch": 2}, Kind.CONTRADICTION),
        ({"at": AFTER}, Kind.OUT_OF_ORDER),
    ],
    ids=["delivered before the backup", "sent in the new epoch", "delivered after the recovery"],
)
def test_unlikely_lost_event_is_named(changes: dict[str, Any], kind: Kind) -> None:
    clean = restored()
    deliveries = [
        replace(each, **changes) if each.event_id == BIRTH.event_id else each
        for each in clean.deliveries
    ]

    assert kind in kinds(replace(clean, deliveries=deliveries))


def test_copy_of_an_older_epoch_is_named() -> None:
    clean = restored()
    late = delivery(clean.events[-1], at=AFTER, redelivered=True)

    assert kinds(replace(clean, deliveries=[*clean.deliveries, late])) == {Kind.OUT_OF_ORDER}


def test_lost_event_of_another_bank_is_crossed() -> None:
    clean = restored()
    astray = delivery(BIRTH, tenant="second", at=BETWEEN)

    assert Kind.CROSS_TENANT in kinds(replace(clean, deliveries=[*clean.deliveries, astray]))


@pytest.mark.parametrize("status", ["INACTIVE", None])
def test_banks_copy_that_differs_is_named(status: str | None) -> None:
    clean = restored()
    own = {**clean.bank_customers["first"], "first-customer-1": status}
    if status is None:
        del own["first-customer-1"]

    evidence = replace(clean, bank_customers={**clean.bank_customers, "first": own})

    assert kinds(evidence) == {Kind.CONTRADICTION}


def test_customer_that_only_the_bank_has_is_lost() -> None:
    clean = restored()
    own = {**clean.bank_customers["second"], "nobody": "ACTIVE"}

    evidence = replace(clean, bank_customers={**clean.bank_customers, "second": own})

    assert kinds(evidence) == {Kind.LOST}


def test_bank_elsewhere_without_restore_is_found() -> None:
    clean = books()
    is_last = lambda each: each.event_id == LAST  # noqa: E731

    evidence = replace(clean, applications=without(clean.applications, is_last))

    assert Kind.CONTRADICTION in kinds(evidence)


def test_duplicate_in_the_new_epoch_is_bounded() -> None:
    clean = restored()
    again = delivery(clean.events[0], at=AFTER, epoch=2)

    evidence = replace(clean, deliveries=[*clean.deliveries, again, again])

    assert kinds(evidence) == {Kind.TOO_MANY_DUPLICATES}
    assert count(clean).duplicates == 0


@pytest.mark.parametrize(
    "changes", [{"noticed": False}, {"found": {"queues_not_read": {"first": "1 readers"}}}]
)
def test_half_recovery_is_named(changes: dict[str, Any]) -> None:
    assert kinds(with_restore(restored(), **changes)) == {Kind.CONTRADICTION}


@pytest.mark.parametrize(("status", "is_fine"), [(401, True), (200, False), (503, False)])
def test_revoked_key_stays_dead(status: int, is_fine: bool) -> None:
    tried = Answer("first", REVOKED_KEY, REVOKED_KEY, status, at=AFTER)

    assert kinds(with_answer(tried)) == (set() if is_fine else {Kind.CONTRADICTION})
