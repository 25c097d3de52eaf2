from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.schedules.schedule_expression import UnknownSchedule, parse


def after(text, moment):
    found = parse(text).following(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    return found and found.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(15 minutes)", timedelta(minutes=15)),
        ("rate(1 hour)", timedelta(hours=1)),
        ("rate(2 days)", timedelta(days=2)),
    ],
)
def test_rate_is_a_period(text, period):
    moment = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)

    assert parse(text).following(moment) == moment + period


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [
        ("cron(0 10 * * ? *)", "2026-03-01 10:00", "2026-03-02 10:00"),
        ("cron(0 10 * * ? *)", "2026-03-01 09:59", "2026-03-01 10:00"),
        ("cron(15 12 * * ? *)", "2026-12-31 13:00", "2027-01-01 12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-20 18:00", "2026-11-23 18:00"),
        ("cron(0 8 1 * ? *)", "2026-11-20 00:00", "2026-12-01 08:00"),
        ("cron(0/15 * * * ? *)", "2026-11-20 10:16", "2026-11-20 10:30"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-20 17:56", "2026-11-23 08:00"),
        ("cron(30 9 L * ? *)", "2028-02-01 00:00", "2028-02-29 09:30"),
        ("cron(0 9 ? * 6L *)", "2026-11-01 00:00", "2026-11-27 09:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-11-03 00:00", "2026-12-07 09:00"),
        ("cron(0 0 1W * ? *)", "2026-08-01 00:00", "2026-08-03 00:00"),
        ("cron(0 0 15W * ? *)", "2026-08-01 00:00", "2026-08-14 00:00"),
        ("cron(0 0 31W * ? *)", "2026-05-01 00:00", "2026-05-29 00:00"),
        ("cron(0 0 29 2 ? *)", "2026-11-20 00:00", "2028-02-29 00:00"),
        ("cron(0 0 1 JAN,jul ? 2027)", "2026-11-20 00:00", "2027-01-01 00:00"),
        ("cron(0 0 1 1 ? 2020)", "2026-11-20 00:00", None),
    ],
)
def test_cron_finds_the_next_moment(text, moment, expected):
    assert after(text, moment) == expected


@given(st.integers(0, 4_000_000_000))
def test_cron_never_looks_back(seconds):
    moment = datetime.fromtimestamp(seconds, UTC)
    following = parse("cron(*/7 */5 * * ? *)").following(moment)

    assert moment < following <= moment + timedelta(hours=5)
    assert (following.second, following.minute % 7, following.hour % 5) == (0, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(1 week)",
        "every minute",
        "cron(0 10 * * ?)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 ? * FUN *)",
        "cron(5-1 10 * * ? *)",
        "cron(0/0 10 * * ? *)",
        "cron(0 10 ? * 3#6 *)",
    ],
)
def test_what_eventbridge_refuses_is_refused(text):
    with pytest.raises(UnknownSchedule):
        parse(text)
