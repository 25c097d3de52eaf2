from __future__ import annotations

import asyncio
import io
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from local.gateway import gateway as gateway_module
from local.gateway.access_log import AccessLog
from local.gateway.address_limit import AddressLimit
from local.gateway.gateway import BODY_LIMIT, Gateway
from local.gateway.routes import RouteTable

KEY = "fk_" + "0" * 32 + "_" + "a" * 80
ROUTES = RouteTable({"/thing": {"GET": "read", "POST": "write"}, "/only-post": {"POST": "write"}})


class Functions:
    """An invoker that remembers its calls and answers what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer: object = {"statusCode": 200, "body": "{}"}

    async def __call__(self, name: str, event: dict[str, Any]) -> object:
        self.calls.append((name, event))
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:
            await asyncio.Event().wait()
        return self.answer


class Client:
    """Sends requests from one address to an ASGI application."""

    def __init__(self, application: Gateway) -> None:
        self._transport = httpx.ASGITransport(application, client=("203.0.113.7", 4000))

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://127.0.0.1:8000"
            ) as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def client(functions: Functions, log: io.StringIO) -> Client:
    gateway = Gateway(ROUTES, functions, AddressLimit(20), AccessLog(log), timeout=0.05)
    return Client(gateway)


def assert_refused(response: httpx.Response, status: int, name: str) -> None:
    body = response.json()
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    assert body["data"] == {}
    assert body["detail"]["status_code"] == str(status)
    assert body["detail"]["status_name"] == name
    assert len(body["detail"]["status_description"]) > 20


def test_function_gets_the_request(client: Client, functions: Functions) -> None:
    client.post("/thing?a=1", content=b'{"x": 1}', headers={"X-API-Key": "fk"})

    ((name, event),) = functions.calls
    assert name == "write"
    assert event["body"] == '{"x": 1}'
    assert event["multiValueQueryStringParameters"] == {"a": ["1"]}
    assert event["requestContext"]["identity"]["sourceIp"] == "203.0.113.7"
    assert event["headers"]["x-api-key"] == "fk"


def test_functions_answer_is_passed_on(client: Client, functions: Functions) -> None:
    functions.answer = {"statusCode": 503, "body": "{}", "headers": {"Retry-After": "3"}}

    response = client.get("/thing")

    assert (response.status_code, response.headers["retry-after"]) == (503, "3")


def test_blanks_around_headers_are_dropped(client: Client, functions: Functions) -> None:
    """The server in front keeps those behind a value."""
    headers = [(b"X-API-Key", b"fk \t"), (b"X-Request-Id", b"mine ")]

    response = client.post("/thing", content=b"{}", headers=headers)

    ((_, event),) = functions.calls
    assert event["headers"]["x-api-key"] == "fk"
    assert event["multiValueHeaders"]["x-api-key"] == ["fk"]
    assert response.headers["x-request-id"] == "mine"


def test_headers_of_the_function_are_kept(client: Client, functions: Functions) -> None:
    headers = {"Cache-Control": "max-age=300", "Content-Type": "text/css", "X-Request-Id": "its"}
    functions.answer = {"statusCode": 200, "body": "a{}", "headers": headers}

    response = client.get("/thing")

    for name, value in headers.items():
        assert response.headers.get_list(name) == [value]


def test_unknown_path_is_404(client: Client, functions: Functions) -> None:
    assert_refused(client.get("/nothing"), 404, "NOT_FOUND")
    assert functions.calls == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "BREW"])
def test_wrong_method_is_405_with_allow(client: Client, method: str) -> None:
    response = client.request(method, "/thing")

    assert_refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_head_is_get_for_the_function(client: Client, functions: Functions) -> None:
    assert client.request("HEAD", "/thing").status_code == 200
    assert functions.calls[0][1]["httpMethod"] == "GET"


def test_head_is_405_where_get_is(client: Client) -> None:
    assert client.request("HEAD", "/only-post").status_code == 405


def test_options_lists_methods(client: Client, functions: Functions) -> None:
    response = client.request("OPTIONS", "/only-post")

    assert (response.status_code, response.headers["allow"]) == (204, "OPTIONS, POST")
    assert functions.calls == []


def test_body_at_the_limit_passes(client: Client, functions: Functions) -> None:
    assert client.post("/thing", content=b"a" * BODY_LIMIT).status_code == 200


def test_larger_body_is_413(client: Client, functions: Functions) -> None:
    response = client.post("/thing", content=b"a" * (BODY_LIMIT + 1))

    assert_refused(response, 413, "REQUEST_ENTITY_TOO_LARGE")
    assert functions.calls == []


def test_large_chunked_body_is_413(client: Client, functions: Functions) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"a" * 1024 * 1024

    assert_refused(client.post("/thing", content=parts()), 413, "REQUEST_ENTITY_TOO_LARGE")
    assert functions.calls == []


def test_slow_function_is_504(client: Client, functions: Functions) -> None:
    functions.answer = None

    assert_refused(client.get("/thing"), 504, "GATEWAY_TIMEOUT")


@pytest.mark.parametrize("answer", [RuntimeError("secret"), TimeoutError(), {"statusCode": "x"}, 7])
def test_crash_is_502_without_internals(
    client: Client, functions: Functions, answer: object
) -> None:
    functions.answer = answer

    response = client.get("/thing")

    assert_refused(response, 502, "BAD_GATEWAY")
    assert "secret" not in response.text


def test_too_many_requests_are_429(client: Client) -> None:
    statuses = [client.get("/thing").status_code for _ in range(20)]
    response = client.get("/thing")

    assert set(statuses) == {200}
    assert_refused(response, 429, "TOO_MANY_REQUESTS")
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert response.headers["ratelimit-limit"] == "20"
    assert response.headers["ratelimit-remaining"] == "0"
    assert response.headers["ratelimit-reset"] == response.headers["retry-after"]


def test_refusals_count_too(client: Client) -> None:
    for _ in range(20):
        client.get("/nothing")

    assert client.get("/thing").status_code == 429


def test_forwarded_address_is_not_believed(client: Client) -> None:
    for number in range(20):
        client.get("/thing", headers={"X-Forwarded-For": f"10.0.0.{number}"})

    assert client.get("/thing", headers={"X-Forwarded-For": "10.9.9.9"}).status_code == 429


@pytest.mark.parametrize("said", ["abc-1._Z", "a" * 128])
def test_sane_request_id_is_kept(client: Client, functions: Functions, said: str) -> None:
    response = client.get("/thing", headers={"X-Request-Id": said})

    assert response.headers["x-request-id"] == said
    assert functions.calls[0][1]["headers"]["X-Request-Id"] == said


@pytest.mark.parametrize("said", ["", "a b", "a" * 129, "<x>", "a\tb", KEY])
def test_other_request_ids_are_replaced(client: Client, functions: Functions, said: str) -> None:
    response = client.get("/thing", headers={"X-Request-Id": said})

    given = response.headers["x-request-id"]
    assert str(uuid.UUID(given)) == given
    assert functions.calls[0][1]["headers"]["X-Request-Id"] == given


def test_access_log_tells_no_values(client: Client, log: io.StringIO) -> None:
    client.get("/thing?api_key=fk_secret", headers={"X-API-Key": "fk_secret"})

    line = json.loads(log.getvalue())
    assert line["query_names"] == ["api_key"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/thing", 200)
    assert line["source_ip"] == "203.0.113.7"
    assert "fk_secret" not in log.getvalue()


def test_access_log_has_no_key(client: Client, log: io.StringIO) -> None:
    client.get(f"/nothing/{KEY}?{KEY}=1", headers={"X-Request-Id": KEY})

    line = json.loads(log.getvalue())
    assert line["path"] == f"/nothing/{KEY[:35]}_[redacted]"
    assert "a" * 20 not in log.getvalue()


def test_access_log_is_one_ascii_line(client: Client, log: io.StringIO) -> None:
    client.get(
        "/a%C2%9B31m%E2%80%A8?b%C2%9B31m=1"
    )  # what begins a terminal's commands; a line's end

    assert log.getvalue().isascii()
    assert log.getvalue().removesuffix("\n").isprintable()
    assert json.loads(log.getvalue())["path"] == "/a\x9b31m\u2028"


def test_endless_body_is_cut(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "BODY_LIMIT", 1000)
    monkeypatch.setattr(gateway_module, "DISCARD_LIMIT", 4000)
    read: list[int] = []

    async def parts() -> AsyncIterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b"a" * 1000

    assert client.post("/thing", content=parts()).status_code == 413
    assert len(read) < 10


@pytest.mark.parametrize("path", ["/files%2Fthing", "/thing%2fx"])
def test_encoded_slash_separates_nothing(client: Client, path: str) -> None:
    assert_refused(client.get(path), 404, "NOT_FOUND")
