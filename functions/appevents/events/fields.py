"""The fields that events have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from annotated_types import GroupedMetadata, MaxLen, MinLen
from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints, WrapValidator

_CONTROLS = r"\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_CONTROL = re.compile(f"[{_CONTROLS}]")
KEY_ID, SEALED = "key_id", "sealed"
"""What stands for the value of a sealed field."""


@dataclass(frozen=True, slots=True)
class Text(GroupedMetadata):
    """Text of `least` to `most` characters after trimming, without control characters but line breaks.

    Stands in the annotation of a `str`.
    """

    least: int
    most: int

    def __iter__(self) -> Iterator[object]:
        yield from StringConstraints(
            strip_whitespace=True, min_length=self.least, max_length=self.most
        )
        yield AfterValidator(_without_controls)
        yield Field(json_schema_extra={"pattern": f"^[^{_CONTROLS}]*$"})


def _without_controls(text: str) -> str:
    """Line breaks are text; what else controls a terminal or ends a C string is not."""
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters except line breaks")
    return text


@dataclass(frozen=True, slots=True)
class Passcode(GroupedMetadata):
    """A feed's passcode: trimmed, in the form NFC, then counted. Stands in the annotation of a `str`.

    No error shows it.
    """

    least: int
    most: int
    most_bytes: int | None = None

    def __iter__(self) -> Iterator[object]:
        yield StringConstraints(strip_whitespace=True)
        yield AfterValidator(_composed)
        yield MinLen(self.least)
        yield MaxLen(self.most)
        yield AfterValidator(_without_controls)
        if self.most_bytes is not None:
            yield AfterValidator(self._within_bytes)

    def _within_bytes(self, text: str) -> str:
        if len(text.encode()) > (self.most_bytes or 0):
            raise ValueError(f"must have at most {self.most_bytes} bytes in UTF-8")
        return text


@dataclass(frozen=True, slots=True)
class Sealable(GroupedMetadata):
    """A value that is sealed in rows and on the wire: there an object stands for it."""

    def __iter__(self) -> Iterator[object]:
        yield WrapValidator(_sealed_or_plain)
        yield PlainSerializer(_as_it_is)


def at_least_one_of(names: Iterable[str], *, null_counts: Container[str] = ()) -> dict[str, Any]:
    """What a model's JSON Schema says of a rule of the code: one of these fields must be there.

    Null is as if the field were missing, except in those of `null_counts`.
    """
    return {
        "anyOf": [
            {"required": [name]}
            if name in null_counts
            else {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
            for name in names
        ]
    }


def is_sealed(value: object) -> TypeGuard[dict[str, str]]:
    """Whether this stands for a sealed value."""
    return (
        isinstance(value, dict)
        and value.keys() == {KEY_ID, SEALED}
        and all(isinstance(text, str) for text in value.values())
    )


def _sealed_or_plain(value: object, plain: Callable[[object], Any]) -> Any:
    return value if is_sealed(value) else plain(value)


def _as_it_is(value: Any) -> Any:
    return value


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
