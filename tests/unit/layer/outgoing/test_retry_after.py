"""`Retry-After` in its four forms, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outgoing.retry_after import seconds_to_wait

NOW = datetime(1994, 11, 6, 8, 49, 0, tzinfo=UTC)
DAY = 24 * 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("86400", DAY),
        ("86401", DAY),
        ("9" * 5000, DAY),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
        ("Sun Nov  6 08:49:37 1994", 37),
        ("Sun, 06 Nov 1994 08:48:00 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:60 GMT", 59),
        ("Thu, 01 Dec 1994 16:00:00 GMT", DAY),
        ("Monday, 06-Nov-95 08:49:37 GMT", DAY),
        ("Sunday, 06-Nov-61 08:49:37 GMT", 0),
    ],
)
def test_clear_wait_is_read(text: str, seconds: float) -> None:
    assert seconds_to_wait(text, NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        None,
        *("", " ", "soon", "-5", "+5", "1.5", "1e3", "5 s", "1, 2", "٣", "0x10", "inf", "nan"),
        *("Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 +0000"),
        *("Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT"),
        *("1994-11-06T08:49:37Z", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT"),
        "sun, 06 nov 1994 08:49:37 gmt",
    ],
)
def test_unclear_wait_is_absent(text: str | None) -> None:
    assert seconds_to_wait(text, NOW) is None


@given(st.text(max_size=40))
def test_any_text_gives_bounded_wait(text: str) -> None:
    found = seconds_to_wait(text, NOW)

    assert found is None or 0 <= found <= DAY


@given(st.integers(-DAY, DAY))
def test_each_date_form_says_same(seconds: int) -> None:
    then = NOW + timedelta(seconds=seconds)
    forms = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y")

    assert {seconds_to_wait(then.strftime(form), NOW) for form in forms} == {max(seconds, 0)}
