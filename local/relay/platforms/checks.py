"""What single values must look like, for all platforms. A check says what is wrong, never the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from typing import Any

Check = Callable[[Any], str | None]
"""Ends the sentence that begins with the field's name, or finds nothing wrong."""
Rules = Mapping[str, Check]
MINUTE, HOUR, DAY = 60, 3600, 86_400
_HASH = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,10})?", re.ASCII)
_NAME_LENGTH = 60


def wrong_field(value: Any, rules: Rules, required: Collection[str] = ()) -> str | None:
    """The first thing that is wrong with an object: a field unknown, missing or not as it must be."""
    if not isinstance(value, dict):
        return ": must be an object"
    for name, given in value.items():
        check = rules.get(name)
        said = ": is unknown" if check is None else check(given)
        if said:
            return f".{name[:_NAME_LENGTH]}{said}"
    missing = next((name for name in required if name not in value), None)
    return f".{missing}: is missing" if missing else None


def nested(rules: Rules, required: Collection[str] = ()) -> Check:
    """An object with these fields."""
    return lambda value: wrong_field(value, rules, required)


def each(check: Check, most: int, least: int = 1) -> Check:
    """A list, each member of which passes the check."""

    def wrong(value: Any) -> str | None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            return f": must be a list of {least} to {most}"
        said = ((at, check(member)) for at, member in enumerate(value))
        return next((f"[{at}]{what}" for at, what in said if what), None)

    return wrong


def true(holds: Callable[[Any], object], says: str) -> Check:
    """A value for which this holds."""
    return lambda value: None if holds(value) else f": must be {says}"


def text(most: int = 255) -> Check:
    """A text that is not empty."""
    return true(lambda v: isinstance(v, str) and 0 < len(v) <= most, f"1 to {most} characters")


def one_of(*values: Any) -> Check:
    """One of these."""
    return true(lambda v: v in values and not isinstance(v, bool), f"one of {values}")


def matching(pattern: str, says: str) -> Check:
    """A text that matches the whole pattern."""
    shape = re.compile(pattern, re.ASCII)
    return true(lambda v: isinstance(v, str) and shape.fullmatch(v), says)


def is_number(value: Any) -> bool:
    """A number that is not negative; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**15


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def is_address(value: Any) -> bool:
    try:
        ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


HASH = true(is_hash, "a SHA-256 in lower-case hex")
HASHES = each(HASH, most=10)
NUMBER = true(is_number, "a number that is not negative")
COUNT = true(lambda v: is_whole(v) and v >= 0, "a whole number")
BOOLEAN = true(lambda v: isinstance(v, bool), "true or false")
CURRENCY = true(lambda v: isinstance(v, str) and _CURRENCY.fullmatch(v), "a code of ISO 4217")
AMOUNT = true(lambda v: isinstance(v, str) and _AMOUNT.fullmatch(v), "an amount as text")
ADDRESS = true(is_address, "an IP address")
URL = matching(r"https?://[!-~]{1,2040}", "a URL")
WHOLE = true(is_whole, "a whole number")


def wrong_time(moment: Any, now: float, oldest: float, ahead: float = MINUTE) -> str | None:
    """What is wrong with a time in Unix seconds."""
    if not is_whole(moment):
        return "must be Unix seconds"
    if moment < now - oldest:
        return f"is more than {oldest / DAY:g} days ago"
    return "lies in the future" if moment > now + ahead else None


def known_by_client(user: Mapping[str, Any], address: str, agent: str) -> bool:
    """Whether the person is known by an IP address together with a user agent."""
    return address in user and agent in user
