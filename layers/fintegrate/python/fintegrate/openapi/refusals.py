"""Which errors an endpoint may answer, and the envelope that each comes in."""

from __future__ import annotations

from typing import Any

from fintegrate.http.endpoint import Access, Endpoint
from fintegrate.http.envelope import envelope, status_name
from fintegrate.openapi.headers import RATE_LIMITS, header_refs
from fintegrate.openapi.schemas import JSON, NO_DATA, envelope_schema

REFUSALS: dict[int, tuple[str, str]] = {
    400: (
        "The body is not a JSON object",
        "The body is not valid JSON; send a JSON object",
    ),
    401: (
        "X-API-Key is missing, malformed, unknown, expired or deactivated",
        "X-API-Key is missing; send your API key in this header",
    ),
    403: (
        "The key is good, but its consumer is deactivated or the endpoint is the admin's",
        "This endpoint is the admin's; use an endpoint of your own consumer",
    ),
    404: (
        "There is no such thing for this consumer, whether another one has it or not",
        "No such customer; check customer_id",
    ),
    409: (
        "The state does not allow it",
        "This Idempotency-Key was used with another request; use a new key",
    ),
    413: (
        "The body is larger than any valid request",
        "The body has 1048577 bytes, at most 1048576 are taken; send fewer entries",
    ),
    415: (
        "The body is not declared as JSON",
        "The body must be JSON; send Content-Type: application/json",
    ),
    422: (
        "A field is missing, unknown, of the wrong type, out of range, too long or blank",
        "status: must be ACTIVE or INACTIVE, got 'japapa'",
    ),
    429: (
        "A rate limit is reached",
        "Rate limit of 50 requests a minute reached for this API key; try again in 2 s",
    ),
    500: (
        "Something went wrong on our side",
        "Something went wrong on our side; report reference 7b0e3b7e to support",
    ),
    503: (
        "A server that the request needs is away",
        "The database cannot be reached; try again shortly",
    ),
}
ALWAYS = (400, 413, 415, 422, 429, 500)
AUTHENTICATED = (401, 403)
KEY_REUSED = "The Idempotency-Key was used with another request, or its request is still running"


def refusals_of(method: str, spec: Endpoint) -> dict[str, Any]:
    """The Responses of an endpoint's errors, by status."""
    statuses = list(ALWAYS)
    if spec.access is not Access.PUBLIC:
        statuses += AUTHENTICATED
    if _needs_servers(spec):
        statuses.append(503)
    if spec.looks_up:
        statuses.append(404)
    refusals = {str(status): _ref(status) for status in statuses}
    reasons = _conflicts(method, spec)
    if reasons:
        refusals["409"] = {**_ref(409), "description": "; or: ".join(reasons)}
    return dict(sorted(refusals.items()))


def refusal_responses() -> dict[str, Any]:
    """The shared Response Objects, by name."""
    return {_name(status): _response(status) for status in REFUSALS}


def _conflicts(method: str, spec: Endpoint) -> list[str]:
    repeatable = method == "POST" and spec.idempotency
    return [*([spec.conflict] if spec.conflict else []), *([KEY_REUSED] if repeatable else [])]


def _needs_servers(spec: Endpoint) -> bool:
    """A public document is made of code alone."""
    return spec.access is not Access.PUBLIC or spec.media_type is None


def _response(status: int) -> dict[str, Any]:
    description, sentence = REFUSALS[status]
    wait = ("Retry-After",) if status in {429, 503} else ()
    limits = RATE_LIMITS if status == 429 else ()
    content = {
        "schema": envelope_schema(status, NO_DATA),
        "example": envelope(status, {}, sentence),
    }
    return {
        "description": description,
        "headers": header_refs(*wait, *limits),
        "content": {JSON: content},
    }


def _ref(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{_name(status)}"}


def _name(status: int) -> str:
    return status_name(status).title().replace("_", "")
