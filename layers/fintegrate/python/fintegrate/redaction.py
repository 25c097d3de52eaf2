"""Takes the secrets of API keys out of texts that we write: log lines, audit rows, answers.

Keys belong into one header. This is for those that came elsewhere: in a path, in a parameter's name, in
a request id, in a driver's error.
"""

from __future__ import annotations

import re

_HEX = "[0-9a-f]"
_BETWEEN = "(?:_|%5f)"  # as it is, or as a URL may have it
# A key, also one that was cut in its secret; one without its mark; and what follows a public id.
_KEY = re.compile(
    rf"(fk{_BETWEEN}{_HEX}{{32}}){_BETWEEN}{_HEX}+"
    rf"|{_HEX}{{32}}{_BETWEEN}{_HEX}{{16,}}"
    rf"|(?<!{_HEX})(?:{_HEX}{{72}}|{_HEX}{{80}})(?!{_HEX})",
    re.ASCII | re.IGNORECASE,
)
_RUN = b"0" * 32
"""Whatever `_KEY` finds has 32 hexadecimal digits in a row."""
_DIGITS = bytes.maketrans(b"0123456789abcdefABCDEF", b"0" * 22)
REDACTED = "[redacted]"


def redacted(text: str) -> str:
    """The text with `[redacted]` for each key's secret. Public ids stay."""
    return _KEY.sub(_without_secret, text) if _may_have_key(text) else text


def has_key(text: str) -> bool:
    """Whether the text has anything of the form of a key."""
    return _may_have_key(text) and _KEY.search(text) is not None


def _may_have_key(text: str) -> bool:
    """A cheap look: every request writes a log line, and a search of `_KEY` takes 27 µs."""
    return _RUN in text.encode(errors="replace").translate(_DIGITS)


def _without_secret(found: re.Match[str]) -> str:
    return f"{found[1]}_{REDACTED}" if found[1] else REDACTED
