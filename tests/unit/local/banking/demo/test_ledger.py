"""The books: they balance when all went well, and each way of going wrong is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.banking.consumer.inbox import Inbox
from local.banking.consumer.messages import Event
from local.banking.demo.ledger import (
    EventFacts,
    Store,
    StoredEvent,
    discrepancies,
    event_facts,
    read_store,
    tally,
)
from local.banking.demo.story import Record


@dataclass
class Books:
    record: Record
    events: list[EventFacts]
    store: Store

    def problems(self) -> list[str]:
        return discrepancies(self.record, self.events, self.store)


@pytest.fixture
def books() -> Books:
    committed = Counter(customer_creation=2, customer_deletion=1)
    record = Record(2, committed, {"ann": ("Ann", "ACTIVE")}, finished=2)
    kinds = {"e1": "customer_creation", "e2": "customer_creation", "e3": "customer_deletion"}
    events = [EventFacts(e, kind, "published", "delivered", 0.1, 0.2) for e, kind in kinds.items()]
    stored = [("e1", "ann", 1), ("e2", "bob", 1), ("e3", "bob", 2)]
    rows = [StoredEvent(*each, "processed", 0) for each in stored]
    return Books(record, events, Store({"ann": ("Ann", "ACTIVE")}, rows))


def test_balanced_books_have_no_problem(books: Books) -> None:
    assert books.problems() == []


def lose_an_event(books: Books) -> None:
    del books.events[0]


def leave_one_pending(books: Books) -> None:
    books.events[0] = replace(books.events[0], publish_status="pending", deliver_status="pending")


def leave_one_unconfirmed(books: Books) -> None:
    books.events[0] = replace(books.events[0], deliver_status="pending")


def dead_letter_one(books: Books) -> None:
    books.events[0] = replace(books.events[0], deliver_status="failed")


def fail_to_publish_one(books: Books) -> None:
    books.events[0] = replace(books.events[0], publish_status="failed", deliver_status="pending")


def use_an_unknown_state(books: Books) -> None:
    books.events[0] = replace(books.events[0], publish_status="lost")


def forget_at_the_bank(books: Books) -> None:
    del books.store.events[0]


def fail_at_the_bank(books: Books) -> None:
    books.store.events[0] = replace(books.store.events[0], outcome="failed")


def apply_out_of_order(books: Books) -> None:
    books.store.events.reverse()


def copy_wrongly(books: Books) -> None:
    books.store.customers["ann"] = ("Ann", "INACTIVE")


def keep_a_deleted_customer(books: Books) -> None:
    books.store.customers["bob"] = ("Bob", "ACTIVE")


def fail_a_call(books: Books) -> None:
    books.record.ended("POST /customer/data: 500 reference 1234")


def fail_calls_alike(books: Books) -> None:
    books.record.failures += ["POST /customer/data: 503 away"] * 3


def cut_a_story_off(books: Books) -> None:
    books.record.finished -= 1


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lose_an_event, "customer_creation: 2 answered with 2xx, 1 listed"),
        (leave_one_pending, "1 events not yet published"),
        (leave_one_unconfirmed, "1 events published and not confirmed"),
        (dead_letter_one, "1 events failed at the bank or dead-lettered"),
        (fail_to_publish_one, "1 events failed to be published"),
        (use_an_unknown_state, "is not published + pending + failed"),
        (forget_at_the_bank, "1 listed events are not in the bank's store"),
        (fail_at_the_bank, "1 listed events are not in the bank's store as processed"),
        (apply_out_of_order, "1 customers' events were not applied in order"),
        (copy_wrongly, "1 customers in the bank's copy differ"),
        (keep_a_deleted_customer, "1 customers in the bank's copy differ"),
        (fail_calls_alike, "POST /customer/data: 503 away (3 times)"),
        (cut_a_story_off, "1 customers' stories were cut off"),
        (fail_a_call, "500 reference 1234"),
    ],
)
def test_each_harm_is_named(books: Books, harm: Callable[[Books], None], words: str) -> None:
    harm(books)
    assert words in "\n".join(books.problems())


def test_tally_counts_deliveries_of_published(books: Books) -> None:
    leave_one_pending(books)
    now = tally(books.events)
    assert (now.committed, now.published, now.pending) == (3, 2, 1)
    assert (now.delivered, now.undelivered, now.delivery_failed) == (2, 0, 0)


def test_listed_times_become_seconds() -> None:
    listed = {
        "event_id": "e1",
        "event_type": "customer_creation",
        "publish_status": "published",
        "deliver_status": "pending",
        "created_at": "2026-01-02T03:04:05.000000+00:00",
        "published_at": "2026-01-02T03:04:05.250000+00:00",
        "delivered_at": None,
    }
    (facts,) = event_facts([listed])
    assert (facts.seconds_to_publish, facts.seconds_to_confirm) == (0.25, None)


def test_missing_store_is_empty(tmp_path: Path) -> None:
    assert read_store(tmp_path / "none.sqlite3") == Store({}, [])


def test_store_of_the_consumer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bank.sqlite3"
    event = Event(
        "e1", "customer_creation", "ann", 1, datetime(2026, 1, 1, tzinfo=UTC), "Ann", "ACTIVE"
    )
    with Inbox(path) as inbox:
        inbox.apply(event)
        inbox.count_repeat(event)
        store = read_store(path)
    assert store.customers == {"ann": ("Ann", "ACTIVE")}
    assert store.events == [StoredEvent("e1", "ann", 1, "processed", 1)]
    assert store.repeats == 1
