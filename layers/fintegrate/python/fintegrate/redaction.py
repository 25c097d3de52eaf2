"""Takes API keys' secrets and passwords out of texts that we write: log lines, audit rows, answers.

Keys and passwords belong into one header each. This is for those that came elsewhere: in a path, in a
parameter's name, in a request id, in a driver's error. A password is found as HTTP Basic writes it,
`Basic` and a base64 text that has a colon; one that stands by itself looks like any other word.
"""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import unquote

_HEX = "[0-9a-f]"
_BETWEEN = "(?:_|%5f)"  # as it is, or as a URL may have it
# A key, also one that was cut in its secret; one without its mark; and what follows a public id.
_KEY = re.compile(
    rf"(fk{_BETWEEN}{_HEX}{{32}}){_BETWEEN}{_HEX}+"
    rf"|{_HEX}{{32}}{_BETWEEN}{_HEX}{{16,}}"
    rf"|(?<!{_HEX})(?:{_HEX}{{72}}|{_HEX}{{80}})(?!{_HEX})",
    re.ASCII | re.IGNORECASE,
)
_SPACE = "(?: |%20|\\+)"
_BASIC = re.compile(
    rf"(?<![a-z0-9])(basic{_SPACE}+)((?:[a-z0-9+/_-]|%2b|%2f)+(?:=|%3d)*)", re.ASCII | re.IGNORECASE
)
_RUN = b"0" * 32
"""Whatever `_KEY` finds has 32 hexadecimal digits in a row."""
_DIGITS = bytes.maketrans(b"0123456789abcdefABCDEF", b"0" * 22)
_STANDARD = str.maketrans("-_", "+/")
REDACTED = "[redacted]"


def redacted(text: str) -> str:
    """The text with `[redacted]` for each key's secret and each password. Public ids stay."""
    if _may_have_password(text):
        text = _BASIC.sub(_without_password, text)
    return _KEY.sub(_without_secret, text) if _may_have_key(text) else text


def has_secret(text: str) -> bool:
    """Whether the text has anything of the form of a key, or a user's name and password."""
    return redacted(text) != text


def _may_have_key(text: str) -> bool:
    """A cheap look: every request writes a log line, and a search of `_KEY` takes 27 µs."""
    return _RUN in text.encode(errors="replace").translate(_DIGITS)


def _may_have_password(text: str) -> bool:
    return "basic" in text.lower()


def _without_secret(found: re.Match[str]) -> str:
    return f"{found[1]}_{REDACTED}" if found[1] else REDACTED


def _without_password(found: re.Match[str]) -> str:
    """What has no colon is another word, or was cut before the password."""
    return f"{found[1]}{REDACTED}" if b":" in _decoded(found[2]) else found[0]


def _decoded(base64_text: str) -> bytes:
    """The bytes of a base64 text that may be cut, or as a URL may have it."""
    digits = unquote(base64_text).rstrip("=").translate(_STANDARD)
    whole = digits[: len(digits) - (len(digits) % 4 == 1)]
    return b64decode(whole + "=" * (-len(whole) % 4))
