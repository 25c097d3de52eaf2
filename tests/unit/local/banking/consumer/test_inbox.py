"""The store: what is new, repeated, too late or too early, and what commits together."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from local.banking.consumer.inbox import Inbox, Verdict
from tests.unit.local.banking.consumer.conftest import CUSTOMER, MakeEvent


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(path)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def test_events_are_applied_in_order(inbox: Inbox, make_event: MakeEvent, tmp_path: Path) -> None:
    inbox.apply(make_event(1, name="Ann"))
    inbox.apply(make_event(2, "customer_status_change", name=None, status="INACTIVE"))
    path = tmp_path / "inbox.sqlite3"
    assert rows(path, "SELECT customer_id, name, status FROM customers") == [
        (CUSTOMER, "Ann", "INACTIVE")
    ]
    inbox.apply(make_event(3, "customer_deletion"))
    assert rows(path, "SELECT * FROM customers") == []
    assert inbox.last_position(CUSTOMER) == (1, 3)


def test_event_gets_its_verdict(inbox: Inbox, make_event: MakeEvent) -> None:
    first, second, third = make_event(1), make_event(2), make_event(3)
    assert inbox.judge(first) is Verdict.NEXT
    assert inbox.judge(second) is Verdict.FUTURE
    inbox.apply(first)
    assert inbox.judge(first) is Verdict.REPEAT
    assert inbox.judge(second) is Verdict.NEXT
    inbox.apply(third)
    assert inbox.judge(second) is Verdict.SUPERSEDED
    assert inbox.judge(make_event(1, customer_id="another")) is Verdict.NEXT


def test_failed_event_may_be_applied_later(inbox: Inbox, make_event: MakeEvent) -> None:
    failed, later = make_event(1), make_event(2)
    inbox.record_failure(failed, "no such branch")
    assert inbox.judge(failed) is Verdict.NEXT
    assert inbox.judge(later) is Verdict.NEXT
    inbox.apply(later)
    assert inbox.judge(failed) is Verdict.SUPERSEDED


def test_superseded_failure_keeps_the_sequence(inbox: Inbox, make_event: MakeEvent) -> None:
    inbox.apply(make_event(5))
    inbox.record_failure(make_event(2), "superseded")
    assert inbox.last_position(CUSTOMER) == (1, 5)


def test_higher_epoch_begins_anywhere(inbox: Inbox, make_event: MakeEvent) -> None:
    inbox.apply(make_event(7))
    restored, early = make_event(3, epoch=2), make_event(5, epoch=2)
    assert inbox.judge(restored) is Verdict.NEXT
    inbox.apply(restored)
    assert inbox.last_position(CUSTOMER) == (2, 3)
    assert inbox.judge(early) is Verdict.FUTURE
    assert inbox.judge(make_event(8, epoch=1)) is Verdict.SUPERSEDED
    assert inbox.judge(make_event(2, epoch=2, customer_id="another")) is Verdict.FUTURE


def test_event_is_applied_once_an_epoch(inbox: Inbox, make_event: MakeEvent) -> None:
    kept, lost = make_event(1, name="Ann"), make_event(2, name="Lost")
    inbox.apply(kept)
    inbox.apply(lost)
    again = replace(kept, epoch=2)
    assert inbox.judge(again) is Verdict.NEXT
    inbox.apply(again)
    assert inbox.judge(again) is inbox.judge(kept) is Verdict.REPEAT
    assert inbox.last_position(CUSTOMER) == (2, 1)


def test_customers_of_the_lost_time_are_known(inbox: Inbox, make_event: MakeEvent) -> None:
    inbox.apply(make_event(1))
    inbox.apply(make_event(1, customer_id="lost"))
    inbox.apply(make_event(1, epoch=2))
    assert inbox.customers_before(2) == ["lost"]


def test_older_store_is_brought_up(make_event: MakeEvent, tmp_path: Path) -> None:
    """Its rows count as those of the first epoch."""
    path = tmp_path / "older.sqlite3"
    known = make_event(4)
    with Inbox(path) as inbox:
        inbox.apply(known)
    database = sqlite3.connect(path)
    for table in ("customer_sequences", "seen_events"):
        database.execute(f"ALTER TABLE {table} DROP COLUMN epoch")
    database.close()
    with Inbox(path) as inbox:
        assert inbox.last_position(CUSTOMER) == (1, 4)
        assert inbox.judge(known) is Verdict.REPEAT
        assert inbox.judge(make_event(1, epoch=2)) is Verdict.NEXT


def test_tries_survive_the_process(inbox: Inbox, make_event: MakeEvent, tmp_path: Path) -> None:
    event = make_event()
    assert inbox.begin(event) == 1
    with Inbox(tmp_path / "inbox.sqlite3") as reopened:
        assert reopened.begin(event) == 2
        reopened.release(event)
        assert reopened.begin(event) == 2
        reopened.confirmed(event)
        assert reopened.begin(event) == 1


def test_work_and_memory_commit_together(
    inbox: Inbox, make_event: MakeEvent, tmp_path: Path
) -> None:
    path = tmp_path / "inbox.sqlite3"
    database = sqlite3.connect(path)
    database.execute(
        "CREATE TRIGGER full BEFORE INSERT ON customer_sequences"
        " BEGIN SELECT raise(ABORT, 'disk full'); END"
    )
    database.close()
    event = make_event()
    with pytest.raises(sqlite3.Error, match="disk full"):
        inbox.apply(event)
    assert rows(path, "SELECT * FROM customers") == []
    assert inbox.judge(event) is Verdict.NEXT
