"""The demo's books: they balance when all went well, and each way of going wrong is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from local.relay.demo.book import Books, Delivery
from local.relay.demo.ledger import balances, discrepancies
from local.relay.demo.script import Record
from local.relay.demo.shops import Destination
from local.relay.demo.stage import read_choices
from local.serving.playing import WrongChoice


@dataclass
class Story:
    record: Record
    books: Books
    destinations: list[Destination]
    seen: dict[str, dict[str, dict[str, Any]]]

    def problems(self) -> list[str]:
        lanes = balances(self.destinations, self.books, self.seen)
        return discrepancies(self.record, self.books, lanes)


def delivery(number: int, status: str = "delivered") -> Delivery:
    order = str(number)
    return Delivery(status, False, f"{order}:purchase_completed", order, "purchase_completed")


@pytest.fixture
def story() -> Story:
    """Two events at two destinations; GA4 got one of them twice."""
    destinations = [
        Destination("bosley", "meta", 1, 1, "9", {}),
        Destination("bosley", "ga4", 2, 2, "G-1", {}),
    ]
    both = [delivery(1), delivery(2)]
    books = Books(
        Counter({("api", "accepted"): 1, ("oms", "accepted"): 1}), {1: both[:], 2: both[:]}
    )
    ids = {"1:purchase_completed": 1, "2:purchase_completed": 1}
    seen = {
        "meta": {"9": {"unique": 2, "duplicate": 0, "ids": dict(ids)}},
        "ga4": {"G-1": {"unique": 2, "duplicate": 1, "ids": {"1:purchase": 2, "2:purchase": 1}}},
    }
    return Story(Record(2, accepted=1, inserted=1), books, destinations, seen)


def test_balanced_books_have_no_problem(story: Story) -> None:
    assert story.problems() == []


def lose_at_the_platform(story: Story) -> None:
    del story.seen["meta"]["9"]["ids"]["1:purchase_completed"]


def invent_at_the_platform(story: Story) -> None:
    story.seen["meta"]["9"]["ids"]["3:purchase_completed"] = 1


def count_twice(story: Story) -> None:
    story.seen["meta"]["9"] |= {"unique": 3, "counted_again": 1}


def leave_one_pending(story: Story) -> None:
    story.books.deliveries[1][0] = replace(story.books.deliveries[1][0], status="pending")


def lose_a_delivery(story: Story) -> None:
    del story.books.deliveries[1][0]


def lose_an_event(story: Story) -> None:
    story.books.rows["api", "accepted"] = 0


def leave_a_row(story: Story) -> None:
    story.books.rows["oms", "unresolved"] = 1


def refuse_unasked(story: Story) -> None:
    story.seen["ga4"]["G-1"]["refused"] = 1


def fail_a_delivery(story: Story) -> None:
    story.books.deliveries[1][0] = delivery(1, "failed")


def fail_a_call(story: Story) -> None:
    story.record.failures.append("POST /v1/events: 500")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lose_at_the_platform, "1 are delivered, and the platform does not have them"),
        (invent_at_the_platform, "the platform has 1 that were never sent"),
        (count_twice, "the platform counted 1 twice"),
        (leave_one_pending, "meta of bosley: 1 are pending"),
        (lose_a_delivery, "its lanes have different numbers of events"),
        (lose_an_event, "1 events of api should be accepted, 0 are"),
        (leave_a_row, "1 events are in other states"),
        (refuse_unasked, "the platform refused 1 events"),
        (fail_a_delivery, "0 events should have failed, 1 have"),
        (fail_a_call, "POST /v1/events: 500"),
    ],
)
def test_each_harm_is_named(story: Story, harm: Callable[[Story], None], words: str) -> None:
    harm(story)

    assert words in "\n".join(story.problems())


def test_choices_come_from_the_environment() -> None:
    assert read_choices({}).orders == 300
    assert read_choices({"RELAY_DEMO_ORDERS": "40"}).orders == 40
    with pytest.raises(WrongChoice, match="RELAY_DEMO_ORDERS must be"):
        read_choices({"RELAY_DEMO_ORDERS": "many"})
