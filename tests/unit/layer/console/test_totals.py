"""Counts of lists: exact up to a bound."""

from __future__ import annotations

import pytest

from fintegrate.console.totals import Total, of_count


@pytest.mark.parametrize(
    ("total", "seen", "expected"),
    [
        (0, 0, Total(0, False)),
        (3, 5, Total(3, False)),
        (3, 6, Total(3, True)),
        (6, 6, Total(5, True)),
    ],
)
def test_count_says_whether_it_is_all(total: int, seen: int, expected: Total) -> None:
    assert of_count({"total": total, "seen": seen}, most=5) == expected
