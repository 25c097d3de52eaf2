"""Makes a stranger's words fit to be kept: short, printable, without the secrets that were sent to him.

A server may repeat a secret as it came, packed in another form, or only in part. So every piece of eight
characters that is also in a secret goes, in each form that servers use.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import takewhile
from operator import eq
from urllib.parse import quote, quote_plus

from fintegrate.redaction import REDACTED, redacted

LONGEST = 500
_LOOKED_AT = 4 * LONGEST
"""Characters of the text; what a secret takes up in it becomes shorter."""
_PIECE = 8
_TELLING = 6
"""The first characters by which a value is found. A shorter one, such as a state, tells nobody."""
_UNPRINTABLE = re.compile(
    r"[^\S ]+|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+"
)


class Scrubber:
    """Knows the forms of secrets. Make one for each credential and keep it: it costs half a millisecond.

    Args:
        secrets: what is sent along, such as tokens and passwords
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)
        self._pieces = frozenset(
            form[at : at + _PIECE] for form in forms for at in range(len(form) - _PIECE + 1)
        )

    def scrubbed(self, words: bytes | str, longest: int = LONGEST) -> str:
        """The beginning of a text, on one line, with `[redacted]` for each secret, whole or in part.

        Args:
            longest: in characters
        """
        if isinstance(words, bytes):
            words = words[: 4 * _LOOKED_AT].decode(errors="replace")
        text = words[:_LOOKED_AT].encode(errors="replace").decode()  # halves of characters
        for form in self._forms:
            text = text.replace(form, REDACTED)
        text = _without_pieces(text, self._pieces)
        return _UNPRINTABLE.sub(" ", redacted(text)).strip()[:longest]


def scrubbed(words: bytes | str, secrets: Iterable[str], longest: int = LONGEST) -> str:
    """The same for secrets that are needed once."""
    return Scrubber(secrets).scrubbed(words, longest)


def without_values(words: str, sent: Iterable[Mapping[str, str]]) -> str:
    """The words without what they repeat of these values, whole or cut at the end: a person's data.

    It takes a value as it was sent, where a secret is looked for in all its forms: there may be
    thousands.
    """
    words = words.replace(r"\/", "/")  # as some write JSON
    for data in sent:
        for value in data.values():
            words = _without_value(words, value)
    return words


def _without_value(words: str, value: str) -> str:
    begins = value[:_TELLING]
    at = words.find(begins) if len(begins) == _TELLING else -1
    while at != -1:
        end = at + sum(takewhile(bool, map(eq, words[at:], value)))
        words = words[:at] + REDACTED + words[end:]
        at = words.find(begins, at + len(REDACTED))
    return words


def _forms(secret: str) -> Iterator[str]:
    """The ways in which a server may write a secret."""
    raw = secret.encode(errors="surrogatepass")
    plain = [secret, *_base64(raw)]
    for text in filter(None, plain):
        yield text
        for encode in (quote, quote_plus):
            for safe in ("", "/"):
                encoded = encode(text, safe, errors="replace")
                yield encoded
                yield re.sub("%..", lambda code: code[0].lower(), encoded)
        for ascii_only in (True, False):
            escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
            yield escaped
            yield escaped.replace("/", "\\/")
        yield html.escape(text)


def _base64(raw: bytes) -> Iterator[str]:
    """Of the secret alone, and what it becomes in the middle of a longer text, at its three places."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode().rstrip("=")
        for before in range(3):
            packed = encode(bytes(before) + raw).decode().rstrip("=")
            whole = (before + len(raw)) // 3 * 4  # the characters after it depend on what follows
            middle = packed[(0, 2, 3)[before] : whole]
            if len(middle) >= _PIECE:
                yield middle


def _without_pieces(text: str, pieces: Collection[str]) -> str:
    """The text with one mark for each run of pieces."""
    if not pieces:
        return text
    kept: list[str] = []
    end = 0  # of the last piece that was found
    for at, character in enumerate(text):
        if text[at : at + _PIECE] in pieces:
            if at >= end:
                kept.append(REDACTED)
            end = at + _PIECE
        elif at >= end:
            kept.append(character)
    return "".join(kept)
