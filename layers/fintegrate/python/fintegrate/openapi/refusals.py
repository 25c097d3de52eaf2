"""The errors that an endpoint may answer with, each in its envelope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fintegrate.http.endpoint import Access, Endpoint
from fintegrate.http.envelope import envelope, status_name
from fintegrate.openapi.description import Description, Refusal
from fintegrate.openapi.headers import RATE_LIMITS, header_refs
from fintegrate.openapi.schemas import JSON, reference

REFUSALS: dict[int, Refusal] = {
    400: Refusal(
        "The body is not a JSON object",
        "The body is not valid JSON; send a JSON object",
    ),
    401: Refusal(
        "The credentials are missing, malformed, unknown, expired or deactivated",
        "The credentials are missing; send them as the document's `security` says",
    ),
    403: Refusal(
        "The credentials are good, but not for this endpoint",
        "This endpoint is the admin's",
    ),
    404: Refusal(
        "There is no such thing for this caller, whether another one has it or not",
        "There is no such thing; check its id",
    ),
    409: Refusal(
        "The state does not allow it",
        "This Idempotency-Key was used with another request; use a new key",
    ),
    413: Refusal(
        "The body is larger than any valid request",
        "The body has 1048577 bytes, at most 1048576 are taken; send fewer entries",
    ),
    415: Refusal(
        "The body is not declared as JSON",
        "The body must be JSON; send Content-Type: application/json",
    ),
    422: Refusal(
        "A field is missing, unknown, of the wrong type, out of range, too long or blank",
        "limit: must be at most 200, got '201'",
    ),
    429: Refusal(
        "A rate limit is reached",
        "Rate limit of 50 requests a minute reached; try again in 2 s",
    ),
    500: Refusal(
        "Something went wrong on our side",
        "Something went wrong on our side; report reference 7b0e3b7e to support",
    ),
    502: Refusal(
        "Another server, which the answer comes from, cannot be reached or gave no usable answer",
        "The server cannot be reached; try again later",
    ),
    503: Refusal(
        "A server that the request needs is away",
        "The database cannot be reached; try again shortly",
    ),
    504: Refusal(
        "Another server, which the answer comes from, did not answer in time",
        "The server did not answer in time; try again later",
    ),
}
"""The texts for systems without their own."""
ALWAYS = (400, 413, 415, 422, 429, 500)
AUTHENTICATED = (401, 403)
OF_ANOTHER = (502, 504)
KEY_REUSED = "The Idempotency-Key was used with another request, or its request is still running"


class Refusals:
    """The errors of all systems, by name.

    An error has the name of its status. If a later system has another text than the first one, the name
    of its error begins with the system's name.
    """

    def __init__(self, systems: Mapping[str, Description]) -> None:
        self.components: dict[str, Any] = {}
        self._names: dict[tuple[str, int], str] = {}
        for system, description in systems.items():
            for status, general in REFUSALS.items():
                wording = description.refusals.get(status, general)
                self._add(
                    system, status, _response(status, wording, challenges=description.challenges)
                )

    def of(self, system: str, method: str, spec: Endpoint) -> dict[str, Any]:
        """The Responses of an endpoint's errors, by status."""
        statuses = list(ALWAYS)
        if spec.access is not Access.PUBLIC:
            statuses += AUTHENTICATED
        if _needs_servers(spec):
            statuses.append(503)
        if spec.asks_another:
            statuses += OF_ANOTHER
        if spec.looks_up:
            statuses.append(404)
        refusals = {str(status): self._ref(system, status) for status in statuses}
        reasons = _conflicts(method, spec)
        if reasons:
            refusals["409"] = {**self._ref(system, 409), "description": "; or: ".join(reasons)}
        return dict(sorted(refusals.items()))

    def _add(self, system: str, status: int, response: dict[str, Any]) -> None:
        name = status_name(status).title().replace("_", "")
        if self.components.setdefault(name, response) != response:
            name = system.capitalize() + name
            self.components[name] = response
        self._names[system, status] = name

    def _ref(self, system: str, status: int) -> dict[str, str]:
        return {"$ref": f"#/components/responses/{self._names[system, status]}"}


def _conflicts(method: str, spec: Endpoint) -> list[str]:
    repeatable = method == "POST" and spec.idempotency
    return [*([spec.conflict] if spec.conflict else []), *([KEY_REUSED] if repeatable else [])]


def _needs_servers(spec: Endpoint) -> bool:
    """False for public documents, which are made from code alone."""
    return spec.access is not Access.PUBLIC or spec.media_type is None


def _response(status: int, wording: Refusal, *, challenges: bool) -> dict[str, Any]:
    challenge = ("WWW-Authenticate",) if status == 401 and challenges else ()
    wait = ("Retry-After",) if status in {429, 503} else ()
    limits = RATE_LIMITS if status == 429 else ()
    content = {
        "schema": reference("Refusal"),
        "example": envelope(status, {}, wording.sentence),
    }
    return {
        "description": wording.meaning,
        "headers": header_refs(*challenge, *wait, *limits),
        "content": {JSON: content},
    }
