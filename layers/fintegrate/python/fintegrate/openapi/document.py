"""The whole document: the operations of all routes, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from fintegrate.openapi.headers import HEADERS, PARAMETERS
from fintegrate.openapi.operation import Route, describe, tag_of
from fintegrate.openapi.refusals import refusal_responses
from fintegrate.openapi.schemas import Schemas

VERSION = "1.0.0"
OVERVIEW = """\
Banking systems (consumers) keep their customers here; every change becomes an event that reaches the
consumer's queue, in order per customer, at least once, and is confirmed.

Every answer is an envelope: `data`, and `detail` with the status as text and a sentence. On an error
`data` is empty and the sentence says what is wrong and what to do. Unknown fields are refused. A GET
takes its fields as query parameters, or as a JSON body when there are none. Times are ISO 8601 in
UTC; UUIDs are lower case with dashes. The gateway itself may answer 404 or 405 for what does not
exist, 429 for too many requests of one address, and 502 or 504 when a function fails or takes longer
than 29 s, all in the same envelope.

Send your API key in `X-API-Key`. Send an `Idempotency-Key` with a POST to be able to repeat it: for
24 hours the same key and body get the stored answer.
"""


def build_document(routes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The document of Chalice's route table; a route without an `Endpoint` is left out."""
    found = [
        Route(method, path, entry.view_function)
        for path, methods in sorted(routes.items())
        for method, entry in sorted(methods.items())
        if hasattr(entry.view_function, "__endpoint__")
    ]
    schemas = Schemas(route.spec for route in found)
    paths: dict[str, Any] = {}
    for route in found:
        paths.setdefault(route.path, {})[route.method.lower()] = describe(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fintegrate", "version": VERSION, "description": OVERVIEW},
        "servers": [{"url": "./", "description": "Where this document was read"}],
        "security": [{"ApiKey": []}],
        "tags": _tags(found),
        "paths": paths,
        "components": {
            "securitySchemes": {"ApiKey": _API_KEY},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": refusal_responses(),
            "schemas": schemas.components,
        },
    }


_API_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "Your consumer's key, `fk_<public id>_<secret>`, as it was issued",
}


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    """One tag a service, with what the service's package says of itself."""
    packages = {tag_of(r): r.view.__module__.rpartition(".")[0] for r in routes}
    return [
        {"name": name, "description": (sys.modules[package].__doc__ or "").strip()}
        for name, package in sorted(packages.items())
    ]
