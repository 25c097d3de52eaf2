"""Lists of which each has cursors of its own, so one of another list is refused.

A `Listing` may be ordered by any columns. `fintegrate.http.cursors` has the fields of a request and an
answer, and the cursors of lists that are ordered by a time and an id and need no such check.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from fintegrate.database import Row
from fintegrate.errors import Invalid
from fintegrate.http.cursors import how_many_fit, number_of, uuid_of
from fintegrate.http.validation import in_utc

NOT_OURS = "cursor: must be the next_cursor of this list's page before"


def moment_of(value: object) -> datetime:
    """The time of a row."""
    moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
    if moment.tzinfo is None:
        raise ValueError("a time without offset")
    return in_utc(moment)


def up_to(largest: int) -> Callable[[object], int]:
    """Reads a number of a row that is `largest` at most, as its column is."""

    def read(value: object) -> int:
        number = number_of(value)
        if number > largest:
            raise ValueError("not a row's number")
        return number

    return read


class Column(NamedTuple):
    """A column that orders a list."""

    name: str
    parameter: str
    """What a statement calls the value after which a page begins."""
    read: Callable[[object], Any]
    """Reads a value from a cursor; raises ValueError if it is none."""


class Listing(NamedTuple):
    """A list: its name, and the columns that order it.

    `of` is what a list belongs to, such as the id of a parent.
    """

    name: str
    columns: tuple[Column, ...]

    def after(self, cursor: str | None, *of: str) -> dict[str, Any]:
        """A statement's parameters for a page; null for the first one.

        Raises:
            Invalid: the text is no cursor of this list.
        """
        if cursor is None:
            return dict.fromkeys((column.parameter for column in self.columns), None)
        values = _values_in(cursor)
        if values is None or values[:1] != [self._mark(of)]:
            raise Invalid(NOT_OURS)
        try:
            return {
                column.parameter: column.read(value)
                for column, value in zip(self.columns, values[1:], strict=True)
            }
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise Invalid(NOT_OURS) from None

    def has(self, cursor: str | None, *of: str) -> bool:
        """Whether a cursor is one of this list."""
        try:
            return cursor is not None and bool(self.after(cursor, *of))
        except Invalid:
            return False

    def page(self, rows: list[Row], limit: int, *of: str) -> tuple[list[Row], str | None]:
        """Cut `limit + 1` rows to a page; returns the rows and the next page's cursor, or None."""
        count = how_many_fit(rows[:limit])
        if count == len(rows):
            return rows, None
        return rows[:count], self.cursor_of(rows[count - 1], *of)

    def cursor_of(self, row: Row, *of: str) -> str:
        """The cursor of the page that begins behind this row."""
        last = [row[column.name] for column in self.columns]
        values = [each.isoformat() if isinstance(each, datetime) else each for each in last]
        position = json.dumps([self._mark(of), *values])
        return base64.urlsafe_b64encode(position.encode()).decode()

    def _mark(self, of: tuple[str, ...]) -> str:
        return sha256("\0".join((self.name, *of)).encode()).hexdigest()[:8]


def _values_in(cursor: str) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, list) else None


def by_time(name: str, id_column: str, time_column: str = "created_at") -> Listing:
    """A list that is ordered by a time and the id: its statement takes `after_at` and `after_id`."""
    return Listing(
        name,
        (Column(time_column, "after_at", moment_of), Column(id_column, "after_id", uuid_of)),
    )


def by_number(name: str, column: str) -> Listing:
    """A list that is ordered by a number, which no two of its rows share: `after_number`."""
    return Listing(name, (Column(column, "after_number", number_of),))
