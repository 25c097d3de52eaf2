"""What a receiver says is kept without the persons whose data it repeats."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from operator import eq

from chalicelib.relay.delivery.shapes import Event
from fintegrate.redaction import REDACTED

_TELLING = 6
"""The first characters by which a value is found. A shorter value, such as a state, tells nobody."""


def without_persons(words: str, events: Iterable[Event]) -> str:
    """The words without match keys and private data of these events, whole or cut at the end."""
    words = words.replace("\\/", "/")  # as some write JSON
    for event in events:
        for value in (*event.match_keys.values(), *event.private.values()):
            words = _without(words, value)
    return words


def _without(words: str, value: str) -> str:
    begins = value[:_TELLING]
    at = words.find(begins) if len(begins) == _TELLING else -1
    while at != -1:
        end = at + sum(takewhile(bool, map(eq, words[at:], value)))
        words = words[:at] + REDACTED + words[end:]
        at = words.find(begins, at + len(REDACTED))
    return words
