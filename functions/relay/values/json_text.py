"""JSON without floats: a number with a fraction is a Decimal, from text to text.

`flaw_of` finds what JSON allows and the relay does not. It leaves the meaning of values to other
modules.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from fintegrate.decimals import marked, unmarked

MAX_NESTING = 8
_LONGEST_INT = 18
_CONTAINERS = frozenset({dict, list})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LONGEST_NUMBER = 400
"""Digits before or after the point. Beyond it no other JSON reader and no database follows."""


def loads(text: str | bytes | bytearray) -> Any:
    """Read JSON. Numbers become int or Decimal; NaN and Infinity become Decimals that are not finite.

    Raises:
        ValueError: it is not JSON, not UTF-8, or nested too deeply to be read.
    """
    if not isinstance(text, str):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    elif text.startswith("\ufeff"):
        raise ValueError("JSON begins with a mark of its byte order")
    try:
        return _READER.decode(text)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def dumps(value: object) -> bytes:
    """Write compact JSON in UTF-8. A finite Decimal becomes a number with exactly its digits."""
    return unmarked(_ENCODER.encode(value)).encode("utf-8", "replace")


def canonical(value: object) -> bytes:
    """JSON that is equal for the same content, whatever the order of its keys. Decimals become text.

    Raises:
        ValueError: it holds a lone surrogate, or a number that is not finite or has hundreds of digits.
        RecursionError: it is nested hundreds of levels deep.
    """
    return _CANONICAL.encode(value).encode()


def is_sound(value: object, written: bytes) -> bool:
    """Whether `flaw_of` surely finds nothing. Sees it at a glance, and of most values that have no flaw.

    Args:
        value: what `loads` has made
        written: its `canonical` text
    """
    # The encoder writes control characters below DEL with a backslash, UTF-8 those behind it with C2.
    if b"\\" in written or b"\x7f" in written or b"\xc2" in written:
        return False
    level: list[Any] = [value]
    for _ in range(MAX_NESTING):
        insides = [part.values() if isinstance(part, dict) else part for part in level]
        level = [each for inside in insides for each in inside if type(each) in _CONTAINERS]
        if not level:
            return True
    return False


def flaw_of(value: object, depth: int = 0) -> str | None:
    """Say what makes a value unfit to be kept, or None.

    Control characters but tab and line breaks, lone surrogates, numbers that are not finite or have
    hundreds of digits, and nesting of more than eight levels.
    """
    if isinstance(value, str):
        return _flaw_of_text(value)
    if isinstance(value, Decimal | float):
        return _flaw_of_number(Decimal(value))
    if not isinstance(value, dict | list):
        return None
    if depth == MAX_NESTING:
        return f"is nested more than {MAX_NESTING} levels deep"
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    return next((flaw for item in inside if (flaw := flaw_of(item, depth + 1))), None)


def _flaw_of_text(text: str) -> str | None:
    if text.isascii() and text.isprintable():
        return None
    if _SURROGATE.search(text):
        return "holds half of a character (a lone surrogate)"
    return "holds NUL or another control character" if _CONTROL.search(text) else None


def _flaw_of_number(number: Decimal) -> str | None:
    if not number.is_finite():
        return "holds NaN or Infinity"
    digits = number.as_tuple()
    longest = max(abs(number.adjusted()), abs(int(digits.exponent)), len(digits.digits))
    return "holds a number of too many digits" if longest > _LONGEST_NUMBER else None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return Decimal("NaN")


def _whole(text: str) -> int | Decimal:
    """An int, or a Decimal where Python would refuse to read so many digits."""
    return int(text) if len(text) <= _LONGEST_INT else _decimal(text)


def _marked(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return marked(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _spelled(value: object) -> str:
    text = str(value)
    flawed = isinstance(value, Decimal) and not _is_short(value, text) and _flaw_of_number(value)
    if flawed:
        raise ValueError(flawed)
    return text


def _is_short(number: Decimal, text: str) -> bool:
    return "E" not in text and len(text) <= _LONGEST_NUMBER and number.is_finite()


# `json.loads` and `json.dumps` would make new ones for each text.
_READER = json.JSONDecoder(parse_float=_decimal, parse_int=_whole, parse_constant=Decimal)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_marked)
_CANONICAL = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_spelled
)
