"""Which of two events that say the same field is the newer one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.program.newest import is_newer, newer_fields, noted

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def told(sequence: int | None, minutes: int = 0) -> Event[Any]:
    at = NOON + timedelta(minutes=minutes)
    return Event("id", "user", "program.updated", None, at, at, sequence, "", None)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (told(1), told(2), True),
        (told(2), told(1), False),
        (told(1), told(1), False),
        (told(1, 5), told(2, -5), True),
        (told(None), told(None, 1), True),
        (told(None, 1), told(None), False),
        (told(9, 1), told(None, 2), True),
        (told(None, 1), told(9, 0), False),
    ],
)
def test_newer_event_is_told_apart(first: Event[Any], second: Event[Any], expected: bool) -> None:
    assert is_newer(noted({}, ["name"], first), "name", second) is expected


def test_fields_are_told_apart() -> None:
    kept = noted(noted({}, ["name", "weeks"], told(1)), ["name"], told(3))

    assert newer_fields(kept, ["name", "weeks", "description"], told(2)) == ["weeks", "description"]
