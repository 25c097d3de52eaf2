"""The store: what is new, repeated, too late or too early, and what commits together."""

from __future__ import annotations

import sqlite3
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
    assert inbox.last_sequence(CUSTOMER) == 3


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
    assert inbox.last_sequence(CUSTOMER) == 5


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
