from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.values.times import event_time, iso, microseconds, seconds
from chalicelib.relay.values.wrong import WrongValue

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
PAST = st.builds(
    lambda at, zone: datetime.fromtimestamp(at, UTC).astimezone(zone),
    st.integers(-2_000_000_000, int(NOW.timestamp())).map(lambda s: s + 0.25),
    ZONES,
)


@pytest.mark.parametrize(
    "sent",
    [
        "2025-01-01T10:00:00.250000-05:00",
        "2025-01-01T15:00:00.25Z",
        "2025-01-01 15:00:00,25+0000",
        "2025-01-01t15:00:00.250000999z",
        "2025-01-01T17:00:00.25+02",
        1735743600250,
        "1735743600250000",
    ],
)
def test_form_is_read_as_utc(sent: object) -> None:
    assert event_time(sent, NOW) == datetime(2025, 1, 1, 15, 0, 0, 250_000, UTC)


def test_ten_digits_are_seconds() -> None:
    assert event_time(1735743600, NOW) == datetime(2025, 1, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "sent",
    [
        "2025-01-01T10:00:00",
        "2025-01-01",
        "01/02/2025",
        "2025-02-30T10:00:00Z",
        "2025-01-01T10:00.5Z",
        "0001-01-01T00:00:00+14:00",
        "2025-01-01T10:00:00+99:00",
        "١٧٣٥٧٤٣٦٠٠",
        "",
        17357436,
        173574360025,
        -1735743600,
        1735743600.5,
        True,
        None,
        ["2025-01-01T10:00:00Z"],
    ],
)
def test_other_form_is_refused(sent: object) -> None:
    with pytest.raises(WrongValue, match="event_time: "):
        event_time(sent, NOW)


def test_ten_minutes_ahead_are_borne() -> None:
    ahead = NOW + timedelta(minutes=10)

    assert event_time(iso(ahead), NOW) == ahead
    with pytest.raises(WrongValue, match="ahead"):
        event_time(iso(ahead + timedelta(microseconds=1)), NOW)


@given(PAST)
def test_moment_survives_its_text(moment: datetime) -> None:
    assert event_time(moment.isoformat(), NOW) == moment
    assert event_time(iso(moment), NOW) == moment


@given(PAST)
def test_counts_are_floored(moment: datetime) -> None:
    assert microseconds(moment) // 1_000_000 == seconds(moment)
    assert 0 <= microseconds(moment) - 1_000_000 * seconds(moment) < 1_000_000


@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.integers()))
def test_only_wrong_value_is_raised(sent: object) -> None:
    try:
        assert event_time(sent, NOW).tzinfo is UTC
    except WrongValue:
        return
