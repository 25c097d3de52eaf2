"""What an API document says of a system as a whole, and which description a route belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """The wording of an error."""

    meaning: str
    sentence: str
    """An example of the sentence that the caller gets."""


class Description(NamedTuple):
    """What a system says of itself (`System.description`)."""

    title: str
    version: str
    overview: str
    schemes: Mapping[str, Mapping[str, Any]]
    """The Security Scheme Object of each way to say who calls, by the name that endpoints and
    `RequestParts.schemes` use. No two systems give one name to different schemes."""
    refusals: Mapping[int, Refusal] = {}
    """Errors that it words in its own way, by status."""

    def security(self, names: tuple[str, ...] = ()) -> list[dict[str, list[str]]]:
        """The Security Requirement of an endpoint that takes these schemes, or any of the system's."""
        return [{name: []} for name in names or self.schemes]


def info(descriptions: list[Description]) -> dict[str, str]:
    """The Info Object of one system, or of several in one document."""
    if len(descriptions) == 1:
        (one,) = descriptions
        return {"title": one.title, "version": one.version, "description": one.overview}
    return {
        "title": " and ".join(d.title for d in descriptions),
        "version": ", ".join(dict.fromkeys(d.version for d in descriptions)),
        "description": "\n\n".join(f"{d.title}\n\n{d.overview.strip()}" for d in descriptions),
    }
