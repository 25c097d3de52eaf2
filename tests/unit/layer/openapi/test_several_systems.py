"""One document of several systems: each route is described as its own system has it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from fintegrate.http.endpoint import Access
from fintegrate.openapi.description import Description, Refusal
from fintegrate.openapi.document import build_document
from tests.unit.layer.openapi import library
from tests.unit.layer.openapi.library import LIBRARY

ARCHIVE = Description(
    title="Archive",
    version="1.0.0",
    overview="Papers are kept here.",
    schemes={"Card": {"type": "apiKey", "in": "header", "name": "X-Card"}},
    refusals={401: Refusal("The card is missing", "Send your card in X-Card")},
)


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    shared = library.FIND._replace(access=Access.ADMIN)
    routes = {
        "/papers": {
            "POST": library.view(
                monkeypatch, "house.archive.papers.lend", library.lend, library.LEND
            )
        },
        "/books": {
            "GET": library.view(monkeypatch, "house.library.books.find", library.find, library.FIND)
        },
        "/state": {"GET": library.view(monkeypatch, "house.state.read", read_state, shared)},
    }
    return build_document(routes, {"library": LIBRARY, "archive": ARCHIVE})


def read_state(_call: Any) -> Any:
    """Tell the state."""


def test_document_of_several_systems_is_valid(document: dict[str, Any]) -> None:
    Draft202012Validator(OPENAPI_31).validate(document)


def test_every_service_has_its_tag(document: dict[str, Any]) -> None:
    assert [tag["name"] for tag in document["tags"]] == ["Archive papers", "Books", "State"]
    assert document["info"]["title"] == "Library and Archive"
    assert document["info"]["version"] == "2.1.0, 1.0.0"


def test_further_systems_operations_bear_its_name(document: dict[str, Any]) -> None:
    named = {
        path: operation["operationId"]
        for path, methods in document["paths"].items()
        for operation in methods.values()
    }

    assert named == {"/papers": "archive_lend", "/books": "find", "/state": "read_state"}


def test_route_has_its_systems_scheme(document: dict[str, Any]) -> None:
    assert set(document["components"]["securitySchemes"]) == {"Password", "Card"}
    assert document["security"] == [{"Password": []}]
    assert document["paths"]["/papers"]["post"]["security"] == [{"Card": []}]
    assert "security" not in document["paths"]["/books"]["get"]


def test_unowned_route_is_the_firsts(document: dict[str, Any]) -> None:
    assert "security" not in document["paths"]["/state"]["get"]
    assert refusal(document, "/state", "get") == "The password is wrong"


def test_route_has_its_systems_refusals(document: dict[str, Any]) -> None:
    assert refusal(document, "/books", "get") == "The password is wrong"
    assert refusal(document, "/papers", "post") == "The card is missing"


def test_what_systems_word_alike_stands_once(document: dict[str, Any]) -> None:
    names = set(document["components"]["responses"])

    assert {name for name in names if name.startswith("Archive")} == {"ArchiveUnauthorized"}


def test_only_passwords_are_asked_for(document: dict[str, Any]) -> None:
    responses = document["components"]["responses"]

    assert "WWW-Authenticate" in responses["Unauthorized"]["headers"]
    assert "WWW-Authenticate" not in responses["ArchiveUnauthorized"]["headers"]


def refusal(document: dict[str, Any], path: str, method: str) -> str:
    reference = document["paths"][path][method]["responses"]["401"]["$ref"]
    response = document["components"]["responses"][reference.rpartition("/")[2]]
    return str(response["description"])
