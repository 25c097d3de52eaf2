"""The part of an API document that describes a system as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

BASIC: Mapping[str, Any] = {
    "type": "http",
    "scheme": "basic",
    "description": "A user and a password, in UTF-8 (RFC 7617)",
}
"""The Security Scheme Object of `fintegrate.access.by_password`."""
KEY: Mapping[str, Any] = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "An API key, `fk_<public id>_<secret>`, as it was issued",
}
"""The Security Scheme Object of `fintegrate.access.by_api_key` and `fintegrate.access.by_key_hash`."""
SESSION: Mapping[str, Any] = {
    "type": "apiKey",
    "in": "cookie",
    "name": "__Host-fintegrate",
    "description": "A session of the console's page. The request also needs the header `X-Console`",
}
"""The Security Scheme Object of `fintegrate.access.by_session`."""
PASS: Mapping[str, Any] = {
    "type": "apiKey",
    "in": "header",
    "name": "X-Console-Pass",
    "description": "A pass of the console's page, for an operator who is signed in there",
}
"""The Security Scheme Object of `fintegrate.access.passes`."""
BEARER_KEY: Mapping[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "API key",
    "description": "An API key, for programs that can send no header of another name",
}
"""The Security Scheme Object of `fintegrate.access.by_api_key.ByBearerKey`."""
BEARER: Mapping[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of the issuer whose `sub` is the user (RFC 7519)",
}
"""The Security Scheme Object of `fintegrate.access.by_token`."""


class Refusal(NamedTuple):
    """The text for an error."""

    meaning: str
    sentence: str
    """An example of the sentence that the caller gets."""


class Description(NamedTuple):
    """A system's description of itself (`System.description`)."""

    title: str
    version: str
    overview: str
    schemes: Mapping[str, Mapping[str, Any]]
    """The Security Scheme Object of each scheme, by the name that endpoints and `RequestParts.schemes`
    use. Two systems must not use one name for different schemes."""
    further: Mapping[str, Mapping[str, Any]] = {}
    """The same for schemes that only endpoints take that name them (`RequestParts.further_schemes`)."""
    refusals: Mapping[int, Refusal] = {}
    """Errors with a text of the system's own, by status."""
    has_reasons: bool = False
    """Whether an error's `detail` may have a `reason`."""

    @property
    def challenges(self) -> bool:
        """Whether a scheme answers 401 with a challenge, as those of HTTP do."""
        return any(scheme.get("type") == "http" for scheme in self.schemes.values())

    def security(self, names: tuple[str, ...] = ()) -> list[dict[str, list[str]]]:
        """The Security Requirement of an endpoint with these schemes; without names, of all schemes."""
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
