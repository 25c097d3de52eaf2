"""The fields that events have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, Field, StringConstraints

_CONTROLS = r"\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_CONTROL = re.compile(f"[{_CONTROLS}]")


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
