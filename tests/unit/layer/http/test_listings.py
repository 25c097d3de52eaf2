"""A cursor goes on where its page ended, and is good for its own list alone."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from fintegrate.errors import Invalid
from fintegrate.http.listings import Column, Listing, by_number, by_time, up_to

LETTERS, NUMBERS = by_time("letters", "letter_id"), by_number("numbers", "number")
AT = datetime(2026, 11, 26, 10, 0, 0, 123456, tzinfo=UTC)


def cursor_of(listing: Listing, row: dict[str, object], *of: str) -> str:
    rows, cursor = listing.page([row, row], 1, *of)
    assert (len(rows), cursor is not None) == (1, True)
    return str(cursor)


def test_cursor_says_where_the_page_ended() -> None:
    letter = str(uuid4())
    cursor = cursor_of(LETTERS, {"created_at": AT, "letter_id": letter, "text": "a"})

    assert LETTERS.after(cursor) == {"after_at": AT, "after_id": letter}


def test_first_page_is_after_nothing() -> None:
    assert LETTERS.after(None) == {"after_at": None, "after_id": None}


def test_last_page_has_no_cursor() -> None:
    assert NUMBERS.page([{"number": 1}], 1) == ([{"number": 1}], None)


def test_cursor_belongs_to_its_parent() -> None:
    cursor = cursor_of(NUMBERS, {"number": 1}, "one")

    assert NUMBERS.after(cursor, "one") == {"after_number": 1}
    for of in ((), ("two",), ("one", "two")):
        with pytest.raises(Invalid, match="cursor"):
            NUMBERS.after(cursor, *of)


def test_parts_of_a_name_are_not_confused() -> None:
    cursor = cursor_of(by_number("ab", "number"), {"number": 1}, "c")

    assert not by_number("a", "number").has(cursor, "bc")


@pytest.mark.parametrize(
    "values",
    [[], ["x"], ["2026-11-26T10:00:00", str(uuid4())], [AT.isoformat(), "x"], [AT.isoformat()]],
)
def test_damaged_cursors_are_refused(values: list[str]) -> None:
    mark = json.loads(
        base64.urlsafe_b64decode(cursor_of(LETTERS, {"created_at": AT, "letter_id": str(uuid4())}))
    )[0]
    damaged = base64.urlsafe_b64encode(json.dumps([mark, *values]).encode()).decode()

    with pytest.raises(Invalid, match="cursor"):
        LETTERS.after(damaged)


@pytest.mark.parametrize("text", ["", "x", "é", "W10=", "e30=", "MQ==", "W" * 10_000])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        LETTERS.after(text)


@pytest.mark.parametrize(
    ("number", "is_good"), [(0, True), (999, True), (1000, False), (2**63, False)]
)
def test_number_is_one_of_its_column(number: int, is_good: bool) -> None:
    small = Listing("small", (Column("number", "after_number", up_to(999)),))
    cursor = cursor_of(small, {"number": number})

    assert small.has(cursor) is is_good
