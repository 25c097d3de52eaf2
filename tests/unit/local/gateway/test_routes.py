from __future__ import annotations

import pytest

from local.gateway.routes import RouteTable

TABLE = RouteTable(
    {
        "/": {"GET": "root"},
        "/customer/data": {"GET": "read", "POST": "create"},
        "/files/{name}": {"GET": "file"},
        "/static/{proxy+}": {"POST": "static"},
    }
)


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/", "/", {}),
        ("", "/", {}),
        ("/customer/data", "/customer/data", {}),
        ("/customer/data/", "/customer/data", {}),
        ("/files/a.txt", "/files/{name}", {"name": "a.txt"}),
        ("/static/a/b", "/static/{proxy+}", {"proxy": "a/b"}),
    ],
)
def test_path_finds_its_resource(path: str, resource: str, parameters: dict[str, str]) -> None:
    match = TABLE.match(path)

    assert match is not None
    assert (match.resource, match.parameters) == (resource, parameters)


@pytest.mark.parametrize(
    "path",
    [
        "/customer",
        "/customer/data/x",
        "//customer/data",
        "/files/",
        "/static",
        "/CUSTOMER/DATA",
    ],
)
def test_other_paths_find_nothing(path: str) -> None:
    assert TABLE.match(path) is None


def test_allow_names_what_the_gateway_adds() -> None:
    assert allowed("/customer/data") == "GET, HEAD, OPTIONS, POST"
    assert allowed("/static/x") == "OPTIONS, POST"


def allowed(path: str) -> str:
    match = TABLE.match(path)
    assert match is not None
    return match.allowed
