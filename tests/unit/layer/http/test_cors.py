"""Which pages of other origins may read answers, and what a wrong list of them says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from chalice import Chalice
from chalice.test import Client

from fintegrate.errors import TooManyRequests
from fintegrate.http.cors import Origins, read_origins
from fintegrate.http.endpoint import (
    Access,
    Answer,
    Call,
    Endpoint,
    Nothing,
    RequestParts,
    endpoints,
)
from fintegrate.http.request_scope import request_scope
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections
from fintegrate.settings import SettingsError

NOBODY = cast(Any, None)
METRICS = Metrics(
    RedisConnections("redis://127.0.0.1:1/0"), OF_THE_LAYER, prefix="p", namespace="n", bounds={}
)
PARTS = RequestParts(NOBODY, {}, NOBODY, METRICS, NOBODY, NOBODY, max_body_bytes=1_000)
APP, OTHER = "https://app.example.com", "https://evil.example.com"
LISTED = read_origins("CORS_ORIGINS", f"{APP}, http://localhost:3000")


def headers_of(
    origins: Callable[[str], Origins | None], path: str, method: str = "GET", origin: str = APP
) -> dict[str, str]:
    """The headers of an answer, with names in lower case."""
    app = Chalice(app_name="pages", configure_logs=False)
    app.register_middleware(request_scope(lambda: METRICS, origins), "http")
    endpoint = endpoints(lambda: PARTS, Endpoint)

    @app.route("/thing", methods=["GET"])
    @endpoint(Nothing, access=Access.PUBLIC)
    def read(_call: Call[Nothing]) -> Answer:
        return Answer({})

    @app.route("/refused", methods=["GET"])
    @endpoint(Nothing, access=Access.PUBLIC)
    def refuse(_call: Call[Nothing]) -> Answer:
        raise TooManyRequests("slower", 3)

    @app.route("/crash", methods=["GET"])
    def crash() -> Any:
        raise RuntimeError

    with Client(app) as client:
        answer = client.http.request(method, path, headers={"Origin": origin} if origin else {})
    return {name.lower(): str(value) for name, value in answer.headers.items()}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/thing"), ("GET", "/refused"), ("GET", "/crash"), ("DELETE", "/thing")],
)
def test_listed_origin_reads_each_answer(method: str, path: str) -> None:
    said = headers_of(lambda _path: LISTED, path, method)

    assert said["access-control-allow-origin"] == APP
    assert said["vary"] == "Origin"
    readable = said["access-control-expose-headers"].split(", ")
    assert {"X-Request-Id", "Retry-After", "ETag"} <= set(readable)
    assert "access-control-allow-credentials" not in said


@pytest.mark.parametrize(
    "origin", [OTHER, "", "null", f"{APP}.evil.example", "HTTPS://APP.EXAMPLE.COM"]
)
def test_other_origin_reads_nothing(origin: str) -> None:
    said = headers_of(lambda _path: LISTED, "/thing", origin=origin)

    assert [name for name in said if name.startswith("access-control")] == []
    assert said["vary"] == "Origin"


@pytest.mark.parametrize("origins", [None, Origins()])
def test_system_without_origins_says_nothing(origins: Origins | None) -> None:
    said = headers_of(lambda _path: origins, "/thing")

    assert [name for name in said if name.startswith("access-control") or name == "vary"] == []


def test_wrong_setting_hides_no_answer() -> None:
    def origins(_path: str) -> Origins:
        return read_origins("CORS_ORIGINS", "app.example.com")

    assert headers_of(origins, "/refused")["retry-after"] == "3"


def test_star_lets_anybody_read() -> None:
    said = headers_of(lambda _path: read_origins("CORS_ORIGINS", "*"), "/thing", origin=OTHER)

    assert said["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in said


def test_preflight_says_what_may_be_sent() -> None:
    said = LISTED.preflight(APP, {"POST", "GET"})

    assert said["Access-Control-Allow-Origin"] == APP
    assert said["Access-Control-Allow-Methods"] == "GET, POST"
    allowed = {"Authorization", "Content-Type", "X-Client-Time", "X-Feed-Access", "X-Request-Id"}
    assert {*allowed, "traceparent"} <= set(said["Access-Control-Allow-Headers"].split(", "))
    assert said["Access-Control-Max-Age"] == "7200"
    assert LISTED.preflight(OTHER, {"GET"}) == {"Vary": "Origin"}
    assert Origins().preflight(APP, {"GET"}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        APP,
        "http://127.0.0.1:5173",
        "http://[::1]:8000",
        "capacitor://localhost",
        "http://a:443",
    ],
)
def test_origin_of_a_browser_is_taken(text: str) -> None:
    assert read_origins("CORS_ORIGINS", text).listed == ({text} if text.strip() else set())


@pytest.mark.parametrize(
    "text",
    [
        *(f"{APP}/", f"{APP}/app", "app.example.com", "null", "//app.example.com", "https://"),
        *("https://App.example.com", f"{APP}:443", "http://app.example.com:80", f"{APP}:0"),
        *(
            "https://*.example.com",
            "https://me:secret@app.example.com",
            f"{APP},",
            f"{APP} {OTHER}",
        ),
        *(f"{APP}?a=1", f"{APP}\r\nX: y", "https://app..example.com"),
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^CORS_ORIGINS: .* is no origin; write scheme, host"):
        read_origins("CORS_ORIGINS", text)


def test_star_stands_alone() -> None:
    with pytest.raises(SettingsError, match="must stand alone"):
        read_origins("CORS_ORIGINS", f"{APP},*")
