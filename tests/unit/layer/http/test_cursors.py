"""Cursors: what was given out comes back, and nothing that a caller makes up can crash."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.errors import Invalid
from fintegrate.http.cursors import (
    Limit,
    Position,
    decode_cursor,
    how_many_fit,
    number_of,
    page,
    page_parameters,
)
from fintegrate.http.envelope import dumps
from fintegrate.http.validation import RequestModel, validate_json, validate_strings

WRONG = "cursor: must be the next_cursor of an earlier answer"
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def rows(count: int) -> list[dict[str, object]]:
    return [
        {"at": AT - timedelta(seconds=number), "id": str(uuid.uuid4())} for number in range(count)
    ]


def read(text: str) -> Position | None:
    """The position, or None when the cursor was refused; anything else is a crash."""
    try:
        return decode_cursor(text)
    except Invalid:
        return None


def test_first_page_has_no_cursor() -> None:
    assert decode_cursor(None) is None
    assert page_parameters(None, 3) == {"after_at": None, "after_id": None, "limit": 3}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_last_page_names_no_next(count: int) -> None:
    found = rows(count)

    assert page(found, 3, "at", "id") == (found, None)


def test_cursor_names_pages_last_row() -> None:
    found = rows(4)

    shown, cursor = page(found, 3, "at", "id")

    assert shown == found[:3]
    assert decode_cursor(cursor) == Position(found[2]["at"], found[2]["id"])  # type: ignore[arg-type]
    assert page_parameters(cursor, 3) == {
        "after_at": found[2]["at"],
        "after_id": found[2]["id"],
        "limit": 3,
    }


@pytest.mark.parametrize("text", ["a" * 1000, '"' * 250, "\\" * 250, "é" * 166, "𝄞" * 83])
def test_page_ends_before_its_bytes(text: str) -> None:
    """As Lambda counts them: escaped twice, and in ASCII."""
    found = [{**row, "text": text} for row in rows(10)]

    shown, cursor = page(found, 10, "at", "id", most_bytes=2_000 + 3 * 1_200)

    assert shown == found[:3]
    assert decode_cursor(cursor) == Position(found[2]["at"], found[2]["id"])  # type: ignore[arg-type]


@given(st.text(min_size=1))
def test_page_never_has_more_bytes(text: str) -> None:
    """Whatever the characters are: rows that are measured together are not taken for smaller."""
    found = [{"text": text}] * 10
    size = 2_000 + sum(len(json.dumps(dumps(row))) for row in found)

    assert how_many_fit(found, size - 1) < len(found)
    assert how_many_fit(found, size) == len(found)


def test_large_row_is_a_page() -> None:
    found = rows(2)

    assert page(found, 2, "at", "id", most_bytes=1)[0] == found[:1]
    assert page(found[1:], 2, "at", "id", most_bytes=1) == (found[1:], None)


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_every_cursor_can_be_read(at: datetime, row_id: uuid.UUID) -> None:
    row = {"at": at, "id": str(row_id)}

    _, cursor = page([row, row], 1, "at", "id")

    assert decode_cursor(cursor) == Position(at, str(row_id))


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**63 - 1))
def test_rows_may_have_numbers(at: datetime, row_id: int) -> None:
    row = {"at": at, "id": row_id}

    _, cursor = page([row, row], 1, "at", "id")

    assert decode_cursor(cursor, number_of) == Position(at, row_id)
    with pytest.raises(Invalid):
        decode_cursor(cursor)


@pytest.mark.parametrize("row_id", ["true", "-1", "1.5", '"1"', str(2**63)])
def test_other_numbers_are_refused(row_id: str) -> None:
    text = f'["2026-11-26T10:00:00+00:00",{row_id}]'
    with pytest.raises(Invalid):
        decode_cursor(base64.urlsafe_b64encode(text.encode()).decode(), number_of)


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=rf"^{WRONG}$"):
        decode_cursor(text)


@given(st.binary())
def test_any_bytes_are_refused(content: bytes) -> None:
    assert read(base64.urlsafe_b64encode(content).decode()) is None


@given(json_values)
def test_any_json_is_refused(value: object) -> None:
    assert read(encode(value)) is None


@given(st.datetimes(timezones=st.timezones()) | st.datetimes(), st.uuids())
def test_any_time_becomes_utc(at: datetime, row_id: uuid.UUID) -> None:
    position = read(encode([at.isoformat(), str(row_id)]))

    assert position is None or position.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "value",
    [
        ["2026-01-02T03:04:05", str(uuid.uuid4())],
        ["9999-12-31T23:59:59-23:59", str(uuid.uuid4())],
        ["2026-01-02T03:04:05+00:00", "1"],
        ["2026-01-02T03:04:05+00:00", 1],
        [None, None],
        ["2026-01-02T03:04:05+00:00"],
        ["2026-01-02T03:04:05+00:00", str(uuid.uuid4()), 3],
    ],
)
def test_false_cursors_are_refused(value: object) -> None:
    assert read(encode(value)) is None


def test_extreme_offset_becomes_utc() -> None:
    far = AT.astimezone(timezone(timedelta(hours=23, minutes=59, seconds=59)))

    assert read(encode([far.isoformat(), str(uuid.UUID(int=1))])) == Position(
        AT, str(uuid.UUID(int=1))
    )


class Listing(RequestModel):
    """A request for a page."""

    limit: Limit = 50


@pytest.mark.parametrize("text", ["1_0", "10.0", " 10 ", "1e1", "0x10", "\u0661", ""])
def test_limit_is_digits_only(text: str) -> None:
    with pytest.raises(Invalid) as error:
        validate_strings(Listing, {"limit": text})

    assert error.value.description == f"limit: must be a whole number, got {text!r}"


def test_limit_is_a_number_in_json() -> None:
    assert validate_json(Listing, '{"limit": 10}').limit == 10
    assert validate_strings(Listing, {"limit": "200"}).limit == 200
    with pytest.raises(Invalid, match="must be a whole number, got '10'"):
        validate_json(Listing, '{"limit": "10"}')


def test_deep_nesting_is_refused() -> None:
    assert read(base64.urlsafe_b64encode(b"[" * 200_000).decode()) is None
