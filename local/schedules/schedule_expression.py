"""When a schedule fires next: EventBridge's `rate(…)` expressions.

The grammar is AWS's: "Rate expressions" in the EventBridge user guide. No function uses `cron(…)`,
so it is not understood here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")


class UnknownSchedule(ValueError):
    """EventBridge refuses the expression, or it is a kind that is not understood here."""


@dataclass(frozen=True)
class Schedule:
    """One expression, understood."""

    text: str
    following: Callable[[datetime], datetime]
    """The first moment after the given one."""


def parse(text: str) -> Schedule:
    """Understand an expression.

    Raises:
        UnknownSchedule: the text names the expression and what is taken
    """
    match = RATE.fullmatch(text)
    if match is None:
        raise UnknownSchedule(
            f"{text!r}: must be rate(value unit) with the unit minutes, hours or days; "
            "cron expressions are not taken here"
        )
    value, unit = int(match[1]), match[2]
    if value < 1 or (value == 1) == unit.endswith("s"):
        raise UnknownSchedule(f"{text!r}: 1 takes the singular, more the plural, 0 is none")
    period = timedelta(**{f"{unit.removesuffix('s')}s": value})
    return Schedule(text, lambda moment: moment + period)


def every(seconds: float) -> Schedule:
    """A schedule in seconds, which EventBridge does not have."""
    return Schedule(f"every {seconds:g} s", lambda moment: moment + timedelta(seconds=seconds))
