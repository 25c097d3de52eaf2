"""The gateway answers OPTIONS of pages of other origins, and lets them read its own refusals."""

from __future__ import annotations

import io

import pytest

from fintegrate.http.cors import Origins, read_origins
from local.gateway.access_log import AccessLog
from local.gateway.address_limit import AddressLimit
from local.gateway.gateway import Gateway
from local.gateway.routes import RouteTable
from tests.unit.local.gateway.test_gateway import Client, Functions

APP, OTHER = "https://app.example.com", "https://evil.example.com"
ROUTES = RouteTable(
    {"/app/thing": {"GET": "read", "POST": "write", "ANY": "write"}, "/bank": {"ANY": "write"}}
)


def origins(path: str) -> Origins | None:
    return read_origins("CORS_ORIGINS", APP) if path.startswith("/app") else None


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def client(functions: Functions) -> Client:
    log = AccessLog(io.StringIO())
    return Client(Gateway(ROUTES, functions, AddressLimit(3), log, origins=origins))


def asking(origin: str, method: str = "POST") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,x-client-time",
    }


def test_preflight_starts_no_function(client: Client, functions: Functions) -> None:
    answer = client.request("OPTIONS", "/app/thing", headers=asking(APP))

    assert (answer.status_code, answer.content, functions.calls) == (204, b"", [])
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    assert answer.headers["access-control-max-age"] == "7200"
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.headers["vary"] == "Origin"


def test_other_origin_is_allowed_nothing(client: Client, functions: Functions) -> None:
    answer = client.request("OPTIONS", "/app/thing", headers=asking(OTHER))

    assert (answer.status_code, functions.calls) == (204, [])
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_preflight_of_unknown_path_fails(client: Client) -> None:
    assert client.request("OPTIONS", "/app/no", headers=asking(APP)).status_code == 404


def test_other_systems_answer_options_themselves(client: Client, functions: Functions) -> None:
    answer = client.request("OPTIONS", "/bank", headers=asking(APP))

    assert len(functions.calls) == 1
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_refusals_of_the_gateway_are_read(client: Client, functions: Functions) -> None:
    functions.answer = RuntimeError("it crashed")
    refused = [client.get(p, headers={"Origin": APP}) for p in ("/app/thing", "/app/no", "/bank")]
    limited = client.get("/app/thing", headers={"Origin": APP})

    assert [r.status_code for r in (*refused, limited)] == [502, 404, 502, 429]
    allowed = [r.headers.get("access-control-allow-origin") for r in (*refused, limited)]
    assert allowed == [APP, APP, None, APP]
    assert "Retry-After" in limited.headers["access-control-expose-headers"]


def test_preflights_count_for_the_limit(client: Client) -> None:
    answers = [client.request("OPTIONS", "/app/thing", headers=asking(APP)) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [204, 204, 204, 429]
