"""GET /docs: the API as a page for people to read and try."""

from __future__ import annotations

from functools import cache

from chalicelib.operations.blueprint import operations
from chalicelib.operations.wiring import endpoint
from fintegrate import openapi
from fintegrate.files_beside import text_beside
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.http.static_file import StaticFile, page


@operations.route("/docs", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC, media_type="text/html; charset=utf-8", versioned=True)
def read_docs(_call: Call[Nothing]) -> Answer:
    """The page for people.

    One page that lists the endpoints of `/openapi.json` and tries them; it works without internet.
    """
    return _page().answer()


@cache
def _page() -> StaticFile:
    return page(text_beside(openapi.__name__, "docs.html"))
