"""The demo's books: they balance when all went well, and each way of going wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from local.appevents.demo.ledger import discrepancies
from local.appevents.demo.record import Record
from local.appevents.demo.stage import read_choices
from local.serving.playing import WrongChoice


@dataclass
class Books:
    record: Record
    states: dict[str, dict[str, Any]]
    accounts: list[dict[str, Any]]

    def problems(self) -> list[str]:
        return discrepancies(self.record, self.states, self.accounts)


@pytest.fixture
def books() -> Books:
    """Two notes, one of them rejected, and two messages straight to the exchange, one no event."""
    record = Record()
    record.accept("alice", "1", "machine.note.saved")
    record.accept("alice", "2", "machine.note.saved", "id_taken")
    record.straight["machine"] += 1
    record.poisoned["machine"] += 1
    record.saw("notes", 2, 2)
    states = {
        "1": {"status": "processed", "reason": None},
        "2": {"status": "rejected", "reason": "id_taken"},
    }
    own = {
        "service": "machine",
        "accepted": 2,
        "processed": 1,
        "rejected": 1,
        "under_way": 0,
        "dead_letters": 2,
        "outcomes_pending": 0,
        "keys": 3,
    }
    return Books(record, states, [own])


def test_balanced_books_have_no_problem(books: Books) -> None:
    assert books.problems() == []


def forget_an_event(books: Books) -> None:
    del books.states["1"]


def reject_an_event(books: Books) -> None:
    books.states["1"] = {"status": "rejected", "reason": "gave_up"}


def leave_one_under_way(books: Books) -> None:
    books.accounts[0] |= {"processed": 0, "under_way": 1}


def act_twice(books: Books) -> None:
    books.accounts[0]["keys"] += 1


def lose_the_dead_letter(books: Books) -> None:
    books.accounts[0]["dead_letters"] = 1


def lose_an_account(books: Books) -> None:
    books.accounts.clear()


def see_a_thing_twice(books: Books) -> None:
    books.record.saw("likes", 2, 1)


def fail_a_call(books: Books) -> None:
    books.record.failures.append("POST /api/v1/videos: 500")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (forget_an_event, "machine.note.saved was accepted, and nobody knows it"),
        (reject_an_event, "machine.note.saved should have ended as processed, and is gave_up"),
        (leave_one_under_way, "machine: under_way should be 0, is 1"),
        (act_twice, "machine: 3 events reached it, it has ended 4"),
        (lose_the_dead_letter, "machine: dead_letters should be 2, is 1"),
        (lose_an_account, "machine has no accounts"),
        (see_a_thing_twice, "likes: should be 1, is 2"),
        (fail_a_call, "POST /api/v1/videos: 500"),
    ],
)
def test_each_harm_is_named(books: Books, harm: Callable[[Books], None], words: str) -> None:
    harm(books)

    assert words in "\n".join(books.problems())


def test_choices_come_from_the_environment() -> None:
    assert read_choices({}).clip_seconds == 3
    assert read_choices({"APP_DEMO_CLIP_SECONDS": "60"}).clip_seconds == 60
    with pytest.raises(WrongChoice, match="APP_DEMO_CLIP_SECONDS must be"):
        read_choices({"APP_DEMO_CLIP_SECONDS": "601"})
