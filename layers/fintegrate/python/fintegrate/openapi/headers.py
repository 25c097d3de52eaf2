"""The headers of requests and answers, and references to them."""

from __future__ import annotations

from typing import Any

_COUNT = {"type": "integer", "minimum": 0}

HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "The request's id, as it stands in the logs",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
    },
    "Idempotency-Replayed": {
        "description": "Set when this is the stored answer to an earlier request with the same key",
        "schema": {"const": "true"},
    },
    "RateLimit-Limit": {"description": "Requests that may come at once", "schema": _COUNT},
    "RateLimit-Remaining": {"description": "Requests left now", "schema": _COUNT},
    "RateLimit-Reset": {"description": "Seconds until all are back", "schema": _COUNT},
    "WWW-Authenticate": {
        "description": "Asks for a user and a password by HTTP Basic (RFC 7617); left out where another "
        "scheme has refused. AWS's REST APIs call it `x-amzn-remapped-www-authenticate`",
        "schema": {"type": "string", "pattern": "^Basic realm="},
    },
    "ETag": {
        "description": "The version of what is answered",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next try",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
}
RATE_LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
"""From draft-ietf-httpapi-ratelimit-headers. Answers lack them while Redis is away."""

PARAMETERS: dict[str, Any] = {
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "An id of yours for this request, 1 to 128 of A-Z a-z 0-9 . _ -; "
        "any other is replaced by a new one",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of an earlier answer: while that is the same, the answer is 304",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes the request repeatable: within 24 hours the same key and body get "
        "the stored answer, another body gets 409. Bodies are compared as JSON",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[\\x20-\\x7e]+$",
        },
    },
}


def header_refs(*names: str) -> dict[str, dict[str, str]]:
    """References to shared headers of answers, always with the request's id."""
    return {n: {"$ref": f"#/components/headers/{n}"} for n in ("X-Request-Id", *names)}


def parameter_ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}
