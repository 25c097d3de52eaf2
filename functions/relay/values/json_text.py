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
    return unmarked(_WRITER.encode(value)).encode("utf-8", "replace")


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


# `json.loads` and `json.dumps` would make new ones for each text.
_READER = json.JSONDecoder(parse_float=_decimal, parse_int=_whole, parse_constant=Decimal)
_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_marked)
