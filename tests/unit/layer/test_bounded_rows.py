"""Rows beyond the bound become one."""

from __future__ import annotations

import pytest

from fintegrate.bounded_rows import bounded
from fintegrate.database import Row

ROWS = [
    {"consumer": "idle", "waiting": 0, "oldest": 0.0},
    {"consumer": "late", "waiting": 5, "oldest": 90.0},
    {"consumer": "busy", "waiting": 7, "oldest": 30.0},
    {"consumer": "slow", "waiting": 1, "oldest": None},
]


def shown(rows: list[Row], most: int) -> list[tuple[object, ...]]:
    found = bounded(
        rows,
        most,
        label="consumer",
        trouble=lambda row: row["waiting"],
        together={"oldest": max},
    )
    return [(row["consumer"], row["waiting"], row["oldest"]) for row in found]


@pytest.mark.parametrize("most", [4, 100])
def test_few_rows_stay_as_they_are(most: int) -> None:
    assert shown(ROWS, most) == [tuple(row.values()) for row in ROWS]


def test_worst_rows_keep_their_name() -> None:
    assert [row[0] for row in shown(ROWS, 3)] == ["busy", "late", "other"]


def test_others_become_one_row() -> None:
    (other,) = [row for row in bounded(
        ROWS, 2, label="consumer", trouble=lambda row: row["waiting"], together={"oldest": max}
    ) if row["consumer"] == "other"]  # fmt: skip

    assert other == {"consumer": "other", "waiting": 6, "oldest": 90.0}


def test_unknown_values_stay_unknown() -> None:
    rows = [{"consumer": str(number), "depth": None} for number in range(3)]

    found = bounded(rows, 2, label="consumer", trouble=lambda _row: 0, together={})

    assert [row["depth"] for row in found] == [None, None]


def test_names_decide_among_equals() -> None:
    rows = [{"consumer": name, "waiting": 1} for name in ("c", "b", "a")]

    found = bounded(rows, 2, label="consumer", trouble=lambda row: row["waiting"], together={})

    assert [row["consumer"] for row in found] == ["a", "other"]
