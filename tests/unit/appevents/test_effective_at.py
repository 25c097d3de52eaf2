"""When an event happened by our clock, however wrong the phone's is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.appevents.notification.accept import effective_at

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
WRONG = datetime(2020, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("told_at", "sent_at", "expected"),
    [
        (NOW - WEEK, None, NOW - WEEK),
        (NOW + WEEK, None, NOW),
        (WRONG, WRONG + WEEK, NOW - WEEK),
        (LAST - WEEK, LAST, NOW - WEEK),
        (WRONG, WRONG, NOW),
        (WRONG + WEEK, WRONG, min(WRONG + WEEK, NOW)),
        (LAST, FIRST, NOW),
        (FIRST, LAST, FIRST),
        (FIRST, None, FIRST),
        (LAST, None, NOW),
    ],
)
def test_age_is_by_one_clock(
    told_at: datetime, sent_at: datetime | None, expected: datetime
) -> None:
    found = effective_at(told_at, NOW, sent_at)

    assert found == expected
    assert found <= NOW
