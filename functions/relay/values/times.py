"""When an event happened: the forms that senders use, UTC to the microsecond, and how platforms count.

A time without an offset is refused and never guessed.
"""

import re
from datetime import UTC, datetime, timedelta

from chalicelib.relay.values.wrong import WrongValue

AHEAD = timedelta(minutes=10)
"""How far a sender's clock may be ahead of ours."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_UNIT_BY_DIGITS = {10: 1_000_000, 13: 1_000, 16: 1}
_DIGITS = re.compile(r"\d{10}|\d{13}|\d{16}", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,30})?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)",
    re.ASCII,
)
FORMS = (
    "event_time: must be ISO 8601 with an offset, such as 2025-01-01T10:00:00-05:00, "
    "or Unix time in 10, 13 or 16 digits"
)


def event_time(value: object, now: datetime) -> datetime:
    """The time of an event in UTC.

    Raises:
        WrongValue: it has another form, or is more than ten minutes ahead of `now`.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise WrongValue(FORMS)
    text = text.strip()
    moment = _from_unix(text) if _DIGITS.fullmatch(text) else _from_iso(text)
    if moment > now + AHEAD:
        raise WrongValue("event_time: is more than 10 minutes ahead")
    return moment


def _from_unix(digits: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(digits) * _UNIT_BY_DIGITS[len(digits)])


def _from_iso(text: str) -> datetime:
    if not _ISO.fullmatch(text):
        raise WrongValue(FORMS)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongValue("event_time: there is no such day or time") from None


def seconds(moment: datetime) -> int:
    """Unix seconds, floored."""
    return (moment - _EPOCH) // _SECOND


def microseconds(moment: datetime) -> int:
    """Unix microseconds."""
    return (moment - _EPOCH) // _MICROSECOND


def iso(moment: datetime) -> str:
    """The time in UTC as RFC 3339 writes it, with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
