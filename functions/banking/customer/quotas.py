"""Refuses what a consumer may not write any more, by the bounds that are used up.

Leaves the counting to the schedule `count_usage`. Its outcome comes with the caller's key.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fintegrate.errors import Conflict, TooManyRequests
from fintegrate.http.endpoint import Call

_SENTENCES = {
    "customers": "This consumer has as many customers as it may have; delete some",
    "events": "This consumer has written as many events as it may in a day (UTC)",
}


def check_quota(call: Call[Any], bound: Literal["customers", "events", "snapshots"]) -> None:
    """Refuse the request if its consumer has used up the bound.

    Raises:
        TooManyRequests: until the day's end.
        Conflict: it has too many snapshots, which time does not change.
    """
    if bound not in call.caller.used_up:
        return
    if bound == "snapshots":
        raise Conflict("This consumer has as many snapshots as are kept")
    seconds = seconds_to_midnight(datetime.now(UTC))
    raise TooManyRequests(f"{_SENTENCES[bound]}; try again in {seconds} s", seconds)


def seconds_to_midnight(now: datetime) -> int:
    """Whole seconds until the day in UTC has ended, at least one."""
    end = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((end - now).total_seconds()) + 1
