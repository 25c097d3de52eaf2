"""Text as it is kept and sent: Unicode NFC, cut between characters. Its meaning is left to others."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

_JOINER = "\u200d"
_VARIATIONS = ("\ufe0e", "\ufe0f")


def text_of(value: object) -> str | None:
    """A text as it is, a whole number as its digits, however many; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    # Numbers of very many digits are read as Decimals.
    is_whole = isinstance(value, Decimal) and value.as_tuple().exponent == 0
    return f"{value:f}" if is_whole else None


def is_simple(text: str) -> bool:
    """Whether it is of visible ASCII characters and spaces, so that nothing can be wrong with it."""
    return text.isascii() and text.isprintable()


def composed(text: str) -> str:
    """The text in Unicode's normal form C."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def cut(text: str, limit: int) -> str:
    """The text, at most `limit` code points of it, and never a part of one visible character."""
    end = limit
    while 0 < end < len(text) and _inside_character(text, end):
        end -= 1
    return text[:end]


def _inside_character(text: str, at: int) -> bool:
    following = text[at]
    return (
        bool(unicodedata.combining(following))
        or following == _JOINER
        or following in _VARIATIONS
        or text[at - 1] == _JOINER
    )


def without(text: str, kinds: str) -> str:
    """The text without the characters whose Unicode category begins with one of these letters.

    Letters (L) are never among them.
    """
    if text.isascii() and text.isalpha():
        return text
    return "".join(c for c in text if unicodedata.category(c)[0] not in kinds)
