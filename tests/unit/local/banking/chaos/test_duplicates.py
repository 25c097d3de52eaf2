"""Repeats are told apart: Fintegrate's own, those of redeliver, the broker's."""

from __future__ import annotations

from dataclasses import replace

from local.banking.chaos.duplicates import Repeats, count
from local.banking.chaos.evidence import Delivery
from tests.unit.local.banking.chaos.books import books, delivery

FIRST = delivery(books().events[0])


def repeats(*deliveries: Delivery) -> Repeats:
    return count(replace(books(), deliveries=deliveries))


def test_one_sight_is_no_repeat() -> None:
    assert repeats(FIRST) == Repeats(0, 0, 0, 0)


def test_second_message_is_a_duplicate() -> None:
    assert repeats(FIRST, FIRST) == Repeats(1, 1, 0, 0)


def test_redelivered_message_is_the_brokers() -> None:
    assert repeats(FIRST, replace(FIRST, redelivered=True)) == Repeats(0, 0, 0, 1)


def test_redelivered_later_try_is_a_duplicate() -> None:
    again = replace(FIRST, publish_try=2, redelivered=True)

    assert repeats(FIRST, again) == Repeats(1, 1, 0, 0)


def test_redelivery_on_request_is_no_duplicate() -> None:
    asked = replace(FIRST, deliver_try=1)

    assert repeats(FIRST, asked) == Repeats(0, 0, 1, 0)


def test_copy_of_another_epoch_is_no_duplicate() -> None:
    sent_again = replace(FIRST, epoch=2)

    assert repeats(FIRST, sent_again) == Repeats(0, 0, 0, 0)
    assert repeats(FIRST, replace(sent_again, deliver_try=1)) == Repeats(0, 0, 1, 0)


def test_unread_first_delivery_is_no_duplicate() -> None:
    assert repeats(replace(FIRST, redelivered=True)) == Repeats(0, 0, 0, 0)
