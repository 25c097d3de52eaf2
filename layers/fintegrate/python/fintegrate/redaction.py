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
REDACTED = "[redacted]"


def redacted(text: str) -> str:
    """The text with `[redacted]` for each key's secret. Public ids stay."""
    return _KEY.sub(_without_secret, text)


def has_key(text: str) -> bool:
    """Whether the text has anything of the form of a key."""
    return _KEY.search(text) is not None


def _without_secret(found: re.Match[str]) -> str:
    return f"{found[1]}_{REDACTED}" if found[1] else REDACTED
