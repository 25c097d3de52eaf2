"""Rows as CSV: what a spreadsheet makes of it, and where it ends."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone

import pytest

from fintegrate.console.csv_rows import cell, csv_page, csv_text, headers_of


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"]
)
def test_formula_is_a_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=b", "", "1", 7, -7, True])
def test_other_values_stay(value: object) -> None:
    assert cell(value) == value


def test_time_is_in_utc() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))

    assert cell(at) == "2026-01-02T01:04:05.000000+00:00"


def test_special_characters_come_back() -> None:
    rows = [{"a": 'x,"y"\nz', "b": None}, {"a": "<b>é😀", "b": 3}]

    text = csv_text(("a", "b"), rows)

    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["a", "b"],
        ['x,"y"\nz', ""],
        ["<b>é😀", "3"],
    ]


def test_text_ends_at_its_bound() -> None:
    rows = [{"a": "é" * 1_000}] * 10

    text, count = csv_page(("a",), rows, most_bytes=20_500)

    assert count == 3
    assert len(text.splitlines()) == 4
    assert csv_page(("a",), rows, most_bytes=1)[1] == 1


def test_headers_lead_to_the_next() -> None:
    assert headers_of("events", "abc")["X-Next-Cursor"] == "abc"
    assert "X-Next-Cursor" not in headers_of("events", None)
