"""Decimals in JSON: numbers with exactly their digits, which Python's encoder cannot write.

It writes no number but int and float. So a Decimal goes through it as a marked text (`marked`), and the
quotes are taken off afterwards (`unmarked`). The mark is made anew in each process: nobody can send it.
"""

from __future__ import annotations

import re
import secrets
from decimal import Decimal
from operator import itemgetter

_MARK = secrets.token_hex(16)
_MARKED = re.compile(f'"{_MARK}([0-9.E+-]+)"')
_LONGEST_PLAIN = 40


def marked(number: Decimal) -> str:
    """What stands for a finite number in the encoder's text."""
    # 1E+999999 is JSON, too, and written out it would be a megabyte.
    plain = abs(number.adjusted()) < _LONGEST_PLAIN
    return f"{_MARK}{number:f}" if plain else f"{_MARK}{number}"


def unmarked(text: str) -> str:
    """The encoder's text with numbers in place of what stands for them."""
    return _MARKED.sub(itemgetter(1), text) if _MARK in text else text
