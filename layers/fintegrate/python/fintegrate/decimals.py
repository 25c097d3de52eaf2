"""Decimals in JSON: numbers with exactly their digits, which Python's encoder cannot write.

It writes no number but int and float. So a Decimal goes through it as a text between two marks
(`marked`), which are taken off with the quotes afterwards (`unmarked`). The mark is made anew in each
process: nobody can send it.
"""

from __future__ import annotations

import secrets
from decimal import Decimal

_MARK = secrets.token_hex(16)
_LONGEST_PLAIN = 40


def marked(number: Decimal) -> str:
    """What stands for a finite number in the encoder's text."""
    text = str(number)
    # 1E+999999 is JSON, too, and written out it would be a megabyte.
    if "E" in text and abs(number.adjusted()) < _LONGEST_PLAIN:
        text = f"{number:f}"
    return f"{_MARK}{text}{_MARK}"


def unmarked(text: str) -> str:
    """The encoder's text with numbers in place of what stands for them."""
    return text.replace(f'"{_MARK}', "").replace(f'{_MARK}"', "") if _MARK in text else text
