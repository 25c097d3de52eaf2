"""The headers that a handler sets are those that the caller gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from chalice import Chalice
from chalice.test import Client

from fintegrate.http.endpoint import (
    Access,
    Answer,
    Call,
    Endpoint,
    Nothing,
    RequestParts,
    endpoints,
)
from fintegrate.http.envelope import merged
from fintegrate.http.request_scope import request_scope
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections

NOBODY = cast(Any, None)
METRICS = Metrics(
    RedisConnections("redis://127.0.0.1:1/0"), OF_THE_LAYER, prefix="p", namespace="n", bounds={}
)
PARTS = RequestParts(NOBODY, {}, NOBODY, METRICS, NOBODY, NOBODY, max_body_bytes=1_000)


def answered_with(headers: Mapping[str, str], media_type: str | None = None) -> dict[str, str]:
    """What a caller gets of an endpoint whose handler sets these headers; names in lower case."""
    app = Chalice(app_name="headers", configure_logs=False)
    app.register_middleware(request_scope(lambda: METRICS), "http")
    endpoint = endpoints(lambda: PARTS, Endpoint)

    @app.route("/page", methods=["GET"])
    @endpoint(Nothing, access=Access.PUBLIC, media_type=media_type)
    def page(_call: Call[Nothing]) -> Answer:
        return Answer("a page", headers=headers)

    with Client(app) as client:
        sent = list(client.http.get("/page").headers.items())
    found = {name.lower(): value for name, value in sent}
    assert len(found) == len(sent), f"a header is sent twice: {sent}"
    return found


@pytest.mark.parametrize("media_type", [None, "text/html"])
@pytest.mark.parametrize("name", ["Cache-Control", "cache-control"])
def test_handlers_cache_control_is_kept(name: str, media_type: str | None) -> None:
    found = answered_with({name: "public, max-age=300"}, media_type)

    assert found["cache-control"] == "public, max-age=300"
    assert found["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("media_type", [None, "text/html"])
@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
def test_handlers_content_type_is_kept(name: str, media_type: str | None) -> None:
    assert answered_with({name: "text/css"}, media_type)["content-type"] == "text/css"


def test_standard_headers_are_the_default() -> None:
    found = answered_with({}, "text/html")

    assert found["cache-control"] == "no-store"
    assert found["content-type"] == "text/html"


def test_request_id_is_the_requests_own() -> None:
    assert answered_with({"x-request-id": "the handler's"})["x-request-id"] != "the handler's"


def test_later_headers_win_whatever_their_case() -> None:
    assert merged({"Allow": "GET", "Vary": "a"}, {"allow": "PUT"}) == {"allow": "PUT", "Vary": "a"}
