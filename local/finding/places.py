"""What is looked for, and what a search says: where it is, and what could not be looked into.

A text is found in any case of its letters, as it is or as JSON or XML escapes it. It is not found where
it is compressed, sealed or hashed: that has to be known of each place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.sax.saxutils import escape


class Place(NamedTuple):
    """Something that holds the text."""

    kind: str
    """`table`, `queue`, `object`, `key`, `file` or `remains`."""
    name: str
    times: int
    """How often, in what the kind counts: rows, values, or occurrences."""


@dataclass
class Found:
    """The places, and sentences about what was not looked into."""

    places: list[Place] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Wanted:
    """The text in the forms in which it may be kept."""

    def __init__(self, text: str) -> None:
        cases = (text, text.lower(), text.upper())
        in_json = (json.dumps(each)[1:-1] for each in cases)
        in_xml = (escape(each) for each in cases)
        self.texts = tuple(dict.fromkeys(_small(each) for each in (*cases, *in_json, *in_xml)))
        """With small letters where they are ASCII: no server need know the others."""
        self.bytes = tuple(each.encode() for each in self.texts)

    def count_in(self, content: bytes) -> int:
        """How often bytes hold it, in any case of ASCII letters."""
        lowered = content.lower()
        return sum(lowered.count(each) for each in self.bytes)

    @property
    def longest(self) -> int:
        return max(map(len, self.bytes))


def _small(text: str) -> str:
    return text.encode().lower().decode()
