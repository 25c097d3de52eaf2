"""GET /openapi.json: the API as a document for programs."""

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
    """Make the document once per process: anybody may request it, and the routes do not change."""
    from fintegrate.openapi.document import build_document

    described = {system.name: system.description() for system in systems.served()}
    return dumps(build_document(operations.current_app.routes, described))
