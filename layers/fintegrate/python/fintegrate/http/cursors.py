"""Keyset cursors: where a page ended, as an opaque string. Stable while rows are inserted.

A cursor contains no secret and grants no access: every statement still filters on the tenant.
Also has the fields of a listing: `Limit` and `Cursor` of its request, `NextCursor` of its answer.
Source: https://use-the-index-luke.com/no-offset
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from fintegrate.database import Row
from fintegrate.errors import Invalid
from fintegrate.http.envelope import dumps
from fintegrate.http.validation import Described


def digits_only(value: object) -> object:
    """Refuse the other texts that Python reads as a whole number: `1_0`, `10.0`, ` 10 `."""
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
        raise PydanticCustomError("int_parsing", "not digits only")
    return value


_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
Limit = Annotated[
    int,
    Field(ge=1, le=200),
    BeforeValidator(digits_only),
    Described("Entries on a page", 50),
]
Cursor = Annotated[str, Described("`next_cursor` of the page before", None)]
NextCursor = Annotated[
    str | None,
    Described("Send it as `cursor` to get the next page; null on the last one", None),
]


MOST_BYTES = 5 * 1024 * 1024
"""The most that an answer may have. AWS Lambda refuses results of more than 6 MB."""
_AROUND_ROWS = 2_000
"""More than the envelope, the cursor and the headers have."""


_LONGEST = 12
"""Two escapes, as those of an emoji: the most that one character of a JSON text can become."""


class Position(NamedTuple):
    """The last row of a page: its time and its id."""

    at: datetime
    id: str | int


def uuid_of(row_id: object) -> str:
    """The id of a row that has a UUID."""
    return str(uuid.UUID(row_id))  # type: ignore[arg-type]


def number_of(row_id: object) -> int:
    """The id of a row that has a number (bigint)."""
    if type(row_id) is not int or not 0 <= row_id <= _LARGEST:
        raise ValueError("not a row's number")
    return row_id


_LARGEST = 2**63 - 1
IdOf = Callable[[object], str | int]


def decode_cursor(text: str | None, id_of: IdOf = uuid_of) -> Position | None:
    """The position in a caller's cursor; None for the first page.

    `id_of` reads the id of its row.

    Raises:
        Invalid: the text is not a cursor of ours.
    """
    if text is None:
        return None
    try:
        at, row_id = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        return Position(_utc(datetime.fromisoformat(at)), id_of(row_id))
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError, OverflowError):
        raise Invalid("cursor: must be the next_cursor of an earlier answer") from None


def page_parameters(cursor: str | None, limit: int, id_of: IdOf = uuid_of) -> dict[str, Any]:
    """A statement's parameters for a page: `after_at` and `after_id` (null for the first), `limit`.

    Raises:
        Invalid: the text is not a cursor of ours.
    """
    at, row_id = decode_cursor(cursor, id_of) or (None, None)
    return {"after_at": at, "after_id": row_id, "limit": limit}


def page(
    rows: list[Row], limit: int, time_column: str, id_column: str, *, most_bytes: int = MOST_BYTES
) -> tuple[list[Row], Any]:
    """Cut `limit + 1` rows to a page; returns the rows and the next page's cursor, or None.

    A page ends before `limit` where its answer would be larger than `most_bytes`. It has at least one
    row, so that a listing always goes on.
    """
    count = how_many_fit(rows[:limit], most_bytes)
    if count == len(rows):
        return rows, None
    return rows[:count], cursor_of(rows[count - 1], time_column, id_column)


def cursor_of(row: Row, time_column: str, id_column: str) -> str:
    """The cursor of the page that begins behind this row."""
    position = json.dumps([row[time_column].isoformat(), row[id_column]])
    return base64.urlsafe_b64encode(position.encode()).decode()


def how_many_fit(rows: list[Row], most_bytes: int = MOST_BYTES) -> int:
    """How many rows an answer has space for, at least one. Measures them as AWS Lambda does.

    There the body is a JSON text inside its function's JSON result. So a quotation mark counts twice.
    Other characters than ASCII count as their escapes, since some of Lambda's runtimes send those.
    No character counts more than `_LONGEST`, so rows that are far from the limit are measured once.
    """
    if _AROUND_ROWS + _LONGEST * len(dumps(rows)) <= most_bytes:
        return len(rows)
    size = _AROUND_ROWS
    for count, row in enumerate(rows):
        size += len(json.dumps(dumps(row)))
        if size > most_bytes and count:
            return count
    return len(rows)


def _utc(at: datetime) -> datetime:
    """Convert to UTC, because Python allows offsets (in microseconds) that PostgreSQL refuses."""
    if at.tzinfo is None:
        raise ValueError("a time without offset")
    return at.astimezone(UTC)
