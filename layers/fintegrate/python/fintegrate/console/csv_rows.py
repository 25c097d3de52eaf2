"""Rows as CSV (RFC 4180) that a spreadsheet may open: no cell is a formula.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

MOST_ROWS = 10_000
_AROUND = 2_000
"""More than the names of the columns and the headers have."""
TYPE = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet would calculate; the last four are the first in full width."""


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A line of names, then a line for each row; times are in UTC, what is unknown is empty."""
    return csv_page(columns, rows, sys.maxsize)[0]


def csv_page(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], most_bytes: int
) -> tuple[str, int]:
    """The same of as many rows as an answer has space for, at least one; and how many these are."""
    lines, left = [_line(columns)], most_bytes - _AROUND
    for row in rows:
        line = _line([cell(row[column]) for column in columns])
        left -= len(json.dumps(line))
        if left < 0 and len(lines) > 1:
            break
        lines.append(line)
    return "".join(lines), len(lines) - 1


def _line(cells: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def cell(value: object) -> object:
    """A value as a cell. A text that begins like a formula gets an apostrophe before it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def headers_of(name: str, next_cursor: str | None) -> dict[str, str]:
    """The headers of a file of rows: its name, and the cursor of the next one if there is more."""
    named = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return named if next_cursor is None else {**named, "X-Next-Cursor": next_cursor}
