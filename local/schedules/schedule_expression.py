"""When a schedule fires next: EventBridge's `rate(…)` and `cron(…)` expressions, in UTC.

The grammar is AWS's: "Cron expressions" and "Rate expressions" in the EventBridge user guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.schedules.cron_fields import days_of_month, days_of_week, values

RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
YEARS = range(1970, 2200)
LONGEST_SEARCH = timedelta(days=366 * 8)  # 29 February can be eight years away


class UnknownSchedule(ValueError):
    """The expression is not one that EventBridge accepts; the text names it and the mistake."""


@dataclass(frozen=True)
class Schedule:
    """One expression, understood."""

    text: str
    following: Callable[[datetime], datetime | None]
    """The first moment after the given one, `None` when there is none."""


def parse(text: str) -> Schedule:
    """Understand an expression.

    Raises:
        UnknownSchedule: EventBridge would refuse it
    """
    if match := RATE.fullmatch(text):
        return Schedule(text, _rate(int(match[1]), match[2], text))
    if match := CRON.fullmatch(text):
        try:
            cron = _cron(*match.groups())
        except ValueError as error:
            raise UnknownSchedule(f"{text}: {error}") from error
        return Schedule(text, cron.following)
    raise UnknownSchedule(f"{text}: must be rate(value unit) or cron(six fields)")


def _rate(value: int, unit: str, text: str) -> Callable[[datetime], datetime]:
    if value < 1 or (value == 1) == unit.endswith("s"):
        raise UnknownSchedule(f"{text}: 1 takes the singular, more the plural, 0 is none")
    period = timedelta(**{f"{unit.removesuffix('s')}s": value})
    return lambda moment: moment + period


@dataclass(frozen=True)
class _Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    is_day: Callable[[datetime], bool]

    def following(self, moment: datetime) -> datetime | None:
        start = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = start.replace(hour=0, minute=0)
        while day < start + LONGEST_SEARCH:
            if self._on(day) and (found := self._at(day, start)):
                return found
            day += timedelta(days=1)
        return None

    def _on(self, day: datetime) -> bool:
        return day.year in self.years and day.month in self.months and self.is_day(day)

    def _at(self, day: datetime, start: datetime) -> datetime | None:
        times = (
            day.replace(hour=hour, minute=minute)
            for hour in sorted(self.hours)
            for minute in sorted(self.minutes)
        )
        return next((time for time in times if time >= start), None)


def _cron(minutes: str, hours: str, dom: str, month: str, dow: str, year: str) -> _Cron:
    if (dom == "?") == (dow == "?"):
        raise ValueError("one of day-of-month and day-of-week must be ?, the other not")
    return _Cron(
        minutes=values(minutes, range(60)),
        hours=values(hours, range(24)),
        months=values(month, range(1, 13), MONTHS),
        years=values(year, YEARS),
        is_day=days_of_month(dom) if dow == "?" else days_of_week(dow),
    )
