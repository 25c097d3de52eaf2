"""GET /openapi.json: the API as a document that programs read."""

from __future__ import annotations

from functools import cache

from chalicelib import systems
from chalicelib.operations.blueprint import operations
from chalicelib.operations.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.http.envelope import dumps


@operations.route("/openapi.json", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC, media_type="application/json")
def read_openapi(_call: Call[Nothing]) -> Answer:
    """This document.

    OpenAPI 3.1, made from the endpoints that this process serves.
    """
    return Answer(_document())


@cache
def _document() -> str:
    """Made once per process: anybody may ask, and the routes don't change."""
    from fintegrate.openapi.document import build_document

    described = {system.name: system.description() for system in systems.served()}
    return dumps(build_document(operations.current_app.routes, described))
