from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.delivery.answers import LONGEST_WAIT, by_class, plain_words, retry_after
from chalicelib.relay.delivery.shapes import Answer, Kind

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind", "reason", "unclassified"),
    [
        (200, Kind.DELIVERED, None, False),
        (204, Kind.DELIVERED, None, False),
        (302, Kind.CONFIGURATION_REFUSED, "address", False),
        (400, Kind.EVENT_REFUSED, None, False),
        (401, Kind.CONFIGURATION_REFUSED, "credential", False),
        (402, Kind.CONFIGURATION_REFUSED, "account", True),
        (403, Kind.CONFIGURATION_REFUSED, "permission", False),
        (404, Kind.CONFIGURATION_REFUSED, "address", False),
        (405, Kind.CONFIGURATION_REFUSED, "address", False),
        (408, Kind.OVERLOAD, None, False),
        (409, Kind.EVENT_REFUSED, None, True),
        (410, Kind.CONFIGURATION_REFUSED, "gone", False),
        (413, Kind.EVENT_REFUSED, None, False),
        (422, Kind.EVENT_REFUSED, None, False),
        (425, Kind.OVERLOAD, None, False),
        (429, Kind.OVERLOAD, None, False),
        (500, Kind.OUTAGE, None, False),
        (503, Kind.OUTAGE, None, False),
        (700, Kind.OUTAGE, None, True),
    ],
)
def test_status_has_its_class(
    status: int, kind: Kind, reason: str | None, unclassified: bool
) -> None:
    verdict = by_class(Answer(status=status), 1, NOW)

    assert (verdict.kind, verdict.reason, verdict.unclassified) == (kind, reason, unclassified)


@pytest.mark.parametrize("status", [400, 413, 422, 409])
def test_several_are_halved(status: int) -> None:
    assert by_class(Answer(status=status), 2, NOW).kind == Kind.HALVE


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("99999999999999999999", LONGEST_WAIT),
        ("Thu, 26 Nov 2026 12:02:00 GMT", 120),
        ("Thursday, 26-Nov-26 12:02:00 GMT", 120),
        ("Thu Nov 26 12:02:00 2026", 120),
        ("Thu, 26 Nov 2026 11:02:00 GMT", None),
        ("Thu, 26 Nov 2036 12:02:00 GMT", LONGEST_WAIT),
        ("Thu, 99 Nov 2026 12:02:00 GMT", None),
        ("٣", None),
    ],
)
def test_wait_is_read(header: str | None, wait: int | None) -> None:
    assert retry_after(header, NOW) == wait


@given(st.text(max_size=80))
def test_no_header_makes_it_raise(header: str) -> None:
    wait = retry_after(header, NOW)

    assert wait is None or 0 < wait <= LONGEST_WAIT


@given(st.binary(max_size=4000))
def test_words_are_one_short_line(body: bytes) -> None:
    words = plain_words(Answer(status=500, body=body))

    assert len(words) <= 500
    assert "\n" not in words
    assert "\x00" not in words
