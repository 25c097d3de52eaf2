"""Repeats are told apart: Fintegrate's own, those of redeliver, the broker's."""

from __future__ import annotations

from dataclasses import replace

from local.banking.chaos.duplicates import Repeats, count
from local.banking.chaos.evidence import Delivery
from tests.unit.local.banking.chaos.books import books, delivery

FIRST = delivery(books().events[0])


def repeats(*sights: Delivery) -> Repeats:
    return count(replace(books(), deliveries=sights))


def test_one_sight_is_no_repeat() -> None:
    assert repeats(FIRST) == Repeats(0, 0, 0, 0)


def test_second_message_is_a_duplicate() -> None:
    assert repeats(FIRST, FIRST) == Repeats(1, 1, 0, 0)


def test_message_again_after_its_reader_died_is_the_brokers() -> None:
    assert repeats(FIRST, replace(FIRST, redelivered=True)) == Repeats(0, 0, 0, 1)


def test_later_try_is_a_duplicate_although_its_reader_died() -> None:
    again = replace(FIRST, publish_try=2, redelivered=True)

    assert repeats(FIRST, again) == Repeats(1, 1, 0, 0)


def test_message_that_redeliver_sent_was_asked_for() -> None:
    asked = replace(FIRST, deliver_try=1)

    assert repeats(FIRST, asked) == Repeats(0, 0, 1, 0)


def test_message_whose_first_sight_died_with_its_reader_is_no_duplicate() -> None:
    assert repeats(replace(FIRST, redelivered=True)) == Repeats(0, 0, 0, 0)
