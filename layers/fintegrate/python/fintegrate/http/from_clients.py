"""The base of what clients send as JSON.

Browsers write half of a surrogate pair, which a cut-off emoji leaves behind, as an escape (D83D). That
is JSON by its grammar (RFC 8259, section 8.2), though no character, and pydantic refuses the whole body
for it. Here it counts as NUL: the field that holds it is refused by its name, and in a batch it costs no
neighbour anything.
"""

from __future__ import annotations

import re
from typing import Any, Self

from fintegrate.http.validation import RequestModel

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)
_NUL = r"\u0000"


class FromClients(RequestModel):
    """A request, or an event, as a client sends it."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        text = json_data if isinstance(json_data, str) else bytes(json_data).decode()
        return super().model_validate_json(without_halves(text), **options)


def without_halves(text: str) -> str:
    """JSON with NUL in the place of each half of a surrogate pair."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: _NUL if found["half"] else found[0], text)
