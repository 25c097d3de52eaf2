"""Files that are the same for everybody: asked for again and again, kept, and bound to their policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, cast

import pytest
from chalice import Chalice
from chalice.test import Client

from fintegrate.http.endpoint import Access, Answer, Call, Endpoint, RequestParts, endpoints
from fintegrate.http.request_scope import request_scope
from fintegrate.http.static_file import Versioned, content_policy, page, static_file
from fintegrate.metrics import OF_THE_LAYER
from fintegrate.metrics_store import Metrics
from fintegrate.redis_connection import RedisConnections

NOBODY = cast(Any, None)
METRICS = Metrics(
    RedisConnections("redis://127.0.0.1:1/0"), OF_THE_LAYER, prefix="p", namespace="n", bounds={}
)
PARTS = RequestParts(NOBODY, {}, NOBODY, METRICS, NOBODY, NOBODY, max_body_bytes=1_000)
FILE = static_file("export const a = 1;\n")


@pytest.fixture
def client() -> Iterator[Client]:
    app = Chalice(app_name="files", configure_logs=False)
    app.register_middleware(request_scope(lambda: METRICS), "http")
    endpoint = endpoints(lambda: PARTS, Endpoint)

    @app.route("/a.js", methods=["GET"])
    @endpoint(Versioned, access=Access.PUBLIC, media_type="text/javascript; charset=utf-8")
    def read(call: Call[Versioned]) -> Answer:
        return FILE.answer(call.body.v)

    with Client(app) as made:
        yield made


def test_file_is_asked_for_each_time(client: Client) -> None:
    answer = client.http.get("/a.js")

    assert (answer.status_code, answer.body.decode()) == (200, FILE.text)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.headers["ETag"] == f'W/"{FILE.version}"'


@pytest.mark.parametrize("known", ['W/"{}"', '"{}"', '"other", W/"{}"', "*"])
def test_same_version_is_not_sent(client: Client, known: str) -> None:
    answer = client.http.get("/a.js", headers={"If-None-Match": known.format(FILE.version)})

    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["ETag"] == f'W/"{FILE.version}"'
    assert answer.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("known", ['"other"', "", "{}"])
def test_other_version_is_sent(client: Client, known: str) -> None:
    answer = client.http.get("/a.js", headers={"If-None-Match": known.format(FILE.version)})

    assert (answer.status_code, answer.body.decode()) == (200, FILE.text)


def test_named_version_is_kept(client: Client) -> None:
    kept = client.http.get(f"/a.js?v={FILE.version}").headers["Cache-Control"]
    other = client.http.get("/a.js?v=former").headers["Cache-Control"]

    assert kept == "public, max-age=31536000, immutable"
    assert other == "public, no-cache"


def test_version_is_of_the_text() -> None:
    assert static_file("a").version == static_file("a").version
    assert static_file("a").version != static_file("b").version


def test_policy_allows_what_stands_in_the_page() -> None:
    text = '<style>p {}</style><script type="module">go();</script><script src="/a.js"></script>'

    policy = policy_of(
        content_policy(text, {"script-src": "'self'", "img-src": "https://s.example"})
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'sha256-{digest('go();')}' 'self'"
    assert policy["style-src"] == f"'sha256-{digest('p {}')}'"
    assert policy["img-src"] == "https://s.example"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


def test_page_without_script_allows_none() -> None:
    headers = page("<p>text</p>").headers

    assert policy_of(headers["Content-Security-Policy"])["script-src"] == "'none'"
    assert headers["Referrer-Policy"] == "no-referrer"


def policy_of(text: str) -> dict[str, str]:
    return dict(directive.split(" ", 1) for directive in text.split("; "))


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
