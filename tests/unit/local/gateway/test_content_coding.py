from __future__ import annotations

import asyncio
import gzip
import io
import zlib
from typing import Any

import httpx
import pytest

from local.gateway.access_log import AccessLog
from local.gateway.address_limit import AddressLimit
from local.gateway.content_coding import accepts_gzip, inflated
from local.gateway.gateway import BODY_LIMIT, Gateway
from local.gateway.refusals import BodyTooLarge, MalformedBody, UnknownCoding
from local.gateway.routes import RouteTable

TEXT = b'{"name": "Gz"}'
LONG = "x" * 5000


class Function:
    """An invoker that keeps the event and answers with a long body."""

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.body = LONG

    async def __call__(self, _name: str, event: dict[str, Any]) -> object:
        self.event = event
        return {"statusCode": 200, "body": self.body}


def ask(function: Function, compressed_from: int | None = 1024, **sent: Any) -> httpx.Response:
    routes = RouteTable({"/thing": {"POST": "write", "GET": "read"}})
    gateway = Gateway(
        routes,
        function,
        AddressLimit(100),
        AccessLog(io.StringIO()),
        compressed_from=compressed_from,
    )

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(url="/thing", **{"method": "POST", **sent})

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(TEXT)), ("Deflate", zlib.compress(TEXT))],
    ids=["gzip", "deflate"],
)
def test_function_gets_the_inflated_body(coding: str, body: bytes) -> None:
    function = Function()

    ask(function, content=body, headers={"Content-Encoding": coding})

    assert function.event["body"] == TEXT.decode()
    assert "content-encoding" not in function.event["headers"]


def test_bomb_is_refused_unexploded() -> None:
    bomb = gzip.compress(bytes(20 * BODY_LIMIT))

    with pytest.raises(BodyTooLarge):
        inflated(bomb, "gzip", BODY_LIMIT)


@pytest.mark.parametrize(
    "body",
    [TEXT, gzip.compress(TEXT)[:-4], gzip.compress(TEXT) + b"more", b"\x1f\x8b"],
    ids=["plain", "cut", "with more", "only a head"],
)
def test_malformed_body_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        inflated(body, "gzip", BODY_LIMIT)


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", ""])
def test_unknown_coding_is_refused(coding: str) -> None:
    with pytest.raises(UnknownCoding):
        inflated(TEXT, coding, BODY_LIMIT)


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("gzip, br", True),
        ("GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0, *", False),
        ("gzip;q=much", False),
    ],
)
def test_accept_encoding_is_understood(accepted: str, answer: bool) -> None:
    assert accepts_gzip(accepted) is answer


def test_long_answers_are_compressed_on_request() -> None:
    response = ask(Function(), headers={"Accept-Encoding": "gzip"})

    assert response.text == LONG
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert int(response.headers["content-length"]) < 100


def test_short_answers_stay_as_they_are() -> None:
    function = Function()
    function.body = "{}"

    response = ask(function, headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in response.headers


def test_unasked_answers_stay_as_they_are() -> None:
    assert "content-encoding" not in ask(Function(), headers={"Accept-Encoding": "br"}).headers


def test_apis_without_compression_pass_bodies_on() -> None:
    function = Function()
    coded = {"Content-Encoding": "gzip", "Accept-Encoding": "gzip"}

    response = ask(function, None, content=gzip.compress(TEXT), headers=coded)

    assert function.event["isBase64Encoded"]
    assert "content-encoding" not in response.headers
