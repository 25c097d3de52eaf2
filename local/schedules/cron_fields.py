"""The fields of EventBridge's cron expressions: lists, ranges, steps, names, and `L`, `W`, `#`.

Leaves the search for the next moment to `schedule_expression`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")  # 1 to 7
DayTest = Callable[[datetime], bool]


def values(field: str, allowed: range, names: Sequence[str] = ()) -> frozenset[int]:
    """The numbers that a field stands for.

    Args:
        names: words for the allowed numbers, in their order

    Raises:
        ValueError: a number is out of range or not one
    """
    return frozenset(n for part in field.split(",") for n in _part(part, allowed, names))


def _part(part: str, allowed: range, names: Sequence[str]) -> Sequence[int]:
    span, slash, step = part.partition("/")
    if slash and (not step.isdigit() or int(step) < 1):
        raise ValueError(f"{part!r} must have a number of at least 1 after the slash")
    if span == "*":
        return allowed[:: int(step or 1)]
    first, dash, last = span.partition("-")
    low = _number(first, allowed, names)
    high = _number(last, allowed, names) if dash else (allowed[-1] if slash else low)
    if high < low:
        raise ValueError(f"{part!r} must not end before it starts")
    return range(low, high + 1, int(step or 1))


def _number(text: str, allowed: range, names: Sequence[str]) -> int:
    if text.upper() in names:
        return allowed[0] + names.index(text.upper())
    if not text.isdigit() or int(text) not in allowed:
        raise ValueError(f"{text!r} must be from {allowed[0]} to {allowed[-1]}")
    return int(text)


def _last_day(moment: datetime) -> int:
    return monthrange(moment.year, moment.month)[1]


def _weekday(moment: datetime) -> int:
    """1 for Sunday to 7 for Saturday."""
    return moment.isoweekday() % 7 + 1


def days_of_month(field: str) -> DayTest:
    """Whether a day is meant: numbers, `L` (the last), `15W` (the weekday nearest the 15th)."""
    if field == "L":
        return lambda moment: moment.day == _last_day(moment)
    if field.endswith("W"):
        wanted = _number(field[:-1], range(1, 32), ())
        return lambda moment: moment.day == _nearest_weekday(moment, wanted)
    days = values(field, range(1, 32))
    return lambda moment: moment.day in days


def _nearest_weekday(moment: datetime, wanted: int) -> int:
    """The working day nearest to that day, never in another month; 0 when there is no such day."""
    last = _last_day(moment)
    if wanted > last:
        return 0
    day = moment.replace(day=wanted)
    if _weekday(day) == 7:
        day += timedelta(days=-1 if wanted > 1 else 2)
    elif _weekday(day) == 1:
        day += timedelta(days=1 if wanted < last else -2)
    return day.day


def days_of_week(field: str) -> DayTest:
    """Whether a day is meant: 1 or SUN to 7 or SAT, `6L` (the last Friday), `3#2` (the 2nd)."""
    if "#" in field:
        name, _, nth = field.partition("#")
        wanted, week = _number(name, range(1, 8), WEEKDAYS), _number(nth, range(1, 6), ())
        return lambda moment: _weekday(moment) == wanted and (moment.day - 1) // 7 + 1 == week
    if field.endswith("L"):
        wanted = _number(field[:-1] or "7", range(1, 8), WEEKDAYS)
        return lambda moment: _weekday(moment) == wanted and moment.day + 7 > _last_day(moment)
    days = values(field, range(1, 8), WEEKDAYS)
    return lambda moment: _weekday(moment) in days
