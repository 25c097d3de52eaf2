"""The fields of a message that came as XML, as texts, in the form that a message in JSON has.

Document types are refused, and with them entities: nobody needs either in a message, and both have been
used to read files and to fill memories. Left to others: what the fields mean (`messages`).
"""

from __future__ import annotations

import json
from typing import Any, Never
from xml.parsers import expat

NAMESPACES = "urn:fintegrate:message:"
"""What the namespaces of all versions begin with. Elements of any other are ignored."""
DEEPEST = 8
"""Levels of elements. A message has three."""


class NotOurXml(Exception):
    """The body is not a message in XML; the text repeats nothing of it."""


def read_fields(body: bytes) -> dict[str, Any]:
    """Return the message's fields: texts, objects, and what stands there as JSON.

    Raises:
        NotOurXml: the body is not well-formed, has a document type, has a field twice, or its root is
            none of a message.
    """
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise NotOurXml(f"not well-formed: {expat.ErrorString(error.code)}") from None
    except (LookupError, ValueError):  # what Python says of a declared encoding
        raise NotOurXml("an encoding of characters that is not known") from None
    if not isinstance(reading.root, dict):
        raise NotOurXml("the root has no fields")
    return reading.root


def _refuse(*_: object) -> Never:
    raise NotOurXml("has a document type")


class _Element:
    """An element that is being read: its texts or its fields, and whether they are JSON."""

    def __init__(self, name: str | None, encoding: str | None) -> None:
        self.name = name
        """None where it is not ours."""
        self.texts: list[str] = []
        self.fields: dict[str, Any] = {}
        self._encoding = encoding

    def value(self) -> Any:
        text = "".join(self.texts)
        if self._encoding is None:
            return self.fields or text
        if self._encoding != "json":
            raise NotOurXml("an encoding that is not known")
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise NotOurXml("what should be JSON is none") from None


class _Reading:
    """What the parser has met so far; `root` is there when it has ended."""

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[_Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) == DEEPEST:
            raise NotOurXml(f"elements lie deeper than {DEEPEST} levels")
        namespace, _, local = name.rpartition(" ")
        ours = namespace.startswith(NAMESPACES) and all(each.name for each in self._open)
        self._open.append(_Element(local if ours else None, attributes.get("encoding")))

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, _name: str) -> None:
        element = self._open.pop()
        if element.name is None:
            return
        if not self._open:
            self.root = element.value()
        elif element.name in self._open[-1].fields:
            raise NotOurXml("a field stands there twice")
        else:
            self._open[-1].fields[element.name] = element.value()
