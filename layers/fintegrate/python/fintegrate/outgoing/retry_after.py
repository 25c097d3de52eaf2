"""Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or one of the three forms of an HTTP date."""

from __future__ import annotations

import re
from datetime import UTC, datetime

LONGEST_SECONDS = 24 * 3600
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_SHORT = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_DATES = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_SHORT}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT",
        rf"{_LONG}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT",
        rf"{_SHORT} {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
    )
)
_SECONDS = re.compile(r"\d+", re.ASCII)


def seconds_to_wait(text: str | None, now: datetime) -> float | None:
    """From 0 (a time in the past) to a day (or more than that).

    Args:
        now: the time of day, with its zone

    Returns:
        None if there is no such header, or it has none of the four forms.
    """
    if text is None:
        return None
    if _SECONDS.fullmatch(text):
        return _bounded(float(text))  # never an error: a number of any length is a float
    until = _date(text, now)
    return None if until is None else _bounded((until - now).total_seconds())


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), float(LONGEST_SECONDS))


def _date(text: str, now: datetime) -> datetime | None:
    found = next(filter(None, (form.fullmatch(text) for form in _DATES)), None)
    if found is None:
        return None
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += now.year // 100 * 100
        if year > now.year + 50:  # a date that seems that far ahead is one of the last century
            year -= 100
    try:
        return datetime(
            year,
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            min(int(found["second"]), 59),  # 60 is a leap second
            tzinfo=UTC,
        )
    except ValueError:  # such as 31 Feb
        return None
