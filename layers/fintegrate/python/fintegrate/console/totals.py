"""How many rows match a list's filters: exact, or at least so many."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fintegrate.console.acts import MOST_COUNTED
from fintegrate.database import Row
from fintegrate.http.validation import Described

Count = Annotated[
    int | None, Described("How many match; null on a page that has a cursor, or if not asked", 1)
]
AtLeast = Annotated[bool, Described("Whether more may match than `total` says", False)]


class Total(NamedTuple):
    """A count, and whether it is only a lower bound."""

    total: int
    at_least: bool


NOT_COUNTED = {"total": None, "at_least": False}


def of_count(row: Row, most: int = MOST_COUNTED) -> Total:
    """The count of a statement that looked at `seen` rows, at most one more than `most`."""
    return Total(min(int(row["total"]), most), int(row["seen"]) > most)
