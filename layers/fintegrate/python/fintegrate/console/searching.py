"""What somebody looks for in a console: one text that may be an id, a trace or a name's beginning."""

from __future__ import annotations

import re
import uuid
from typing import Annotated, NamedTuple

from pydantic import StringConstraints
from typing_extensions import TypedDict

from fintegrate.http.validation import Described, RequestModel, Text

MOST_HITS = 20
_TRACE = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Search(RequestModel):
    """What to look for."""

    q: Annotated[
        Text,
        StringConstraints(max_length=200),
        Described("An id, or the beginning of a name", "c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809"),
    ]


class Hit(TypedDict):
    """Something that was found. `link`: the address of its view in the console."""

    kind: Annotated[str, Described("What it is", "event")]
    id: Annotated[str, Described("Its id", "c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809")]
    title: Annotated[str, Described("What to call it", "customer_creation 1, processed")]
    link: Annotated[
        str,
        Described("The part from # on", "#/events?event=c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809"),
    ]


class Hits(TypedDict):
    """At most 20. What is somebody else's is not found."""

    hits: list[Hit]


class Sought(NamedTuple):
    """A text and what it may be: as it was written, in small letters, an id, a trace."""

    text: str
    small: str
    id: str | None
    trace: str | None


def sought(text: str) -> Sought:
    """Read what somebody looks for; spaces around it and capitals in an id do not matter."""
    text = text.strip()
    small = text.lower()
    trace = small if _TRACE.fullmatch(small) else None
    try:
        found = str(uuid.UUID(small))
    except ValueError:
        found = None
    return Sought(text, small, found, trace)
