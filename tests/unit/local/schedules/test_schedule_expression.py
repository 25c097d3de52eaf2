from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.schedules.schedule_expression import UnknownSchedule, parse


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(15 minutes)", timedelta(minutes=15)),
        ("rate(1 hour)", timedelta(hours=1)),
        ("rate(2 days)", timedelta(days=2)),
    ],
)
def test_rate_is_a_period(text: str, period: timedelta) -> None:
    moment = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)

    assert parse(text).following(moment) == moment + period


@pytest.mark.parametrize(
    "text",
    ["", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(1 week)", "every minute"],
)
def test_wrong_expression_is_refused(text: str) -> None:
    with pytest.raises(UnknownSchedule):
        parse(text)


def test_cron_refusal_names_accepted_forms() -> None:
    with pytest.raises(UnknownSchedule, match=r"must be rate\(value unit\)"):
        parse("cron(0 10 * * ? *)")
