"""The document of an invented system says what its models, endpoints and description say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from fintegrate.http.endpoint import Access, Endpoint
from fintegrate.http.validation import DESCRIBED
from fintegrate.openapi.document import build_document
from tests.unit.layer.openapi import library
from tests.unit.layer.openapi.library import ISBN, LIBRARY, READER


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return build_document(library.routes(monkeypatch), {"library": LIBRARY})


def test_document_of_any_system_is_valid(document: dict[str, Any]) -> None:
    Draft202012Validator(OPENAPI_31).validate(document)


def test_title_and_overview_are_the_systems(document: dict[str, Any]) -> None:
    assert document["info"] == {
        "title": "Library",
        "version": "2.1.0",
        "description": "Books are lent here.",
    }
    assert document["tags"] == [{"name": "Books", "description": "What house.library.books does."}]


def test_fields_have_their_descriptions(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    fields = schemas["Loan"]["properties"]

    assert fields["isbn"] == {"type": "string", "description": "The book's number"}
    assert fields["reader_id"]["description"] == "Who takes it"
    assert fields["reader_id"]["anyOf"] == [{"format": "uuid", "type": "string"}, {"type": "null"}]
    assert schemas["Book"]["properties"]["lent_to"]["description"].startswith("Who has it")


def test_examples_hold_what_the_fields_say(document: dict[str, Any]) -> None:
    body = document["paths"]["/loans"]["post"]["requestBody"]["content"]["application/json"]
    (found,) = document["paths"]["/books"]["get"]["responses"]["200"]["content"].values()

    assert body["example"] == {"isbn": ISBN}
    assert found["example"]["data"] == {"isbn": ISBN, "lent_to": READER}


def test_work_that_goes_on_is_described(document: dict[str, Any]) -> None:
    done, later = (
        document["paths"]["/loans"]["post"]["responses"][each] for each in ("201", "202")
    )

    assert later["description"] == "The book is on its way from another branch"
    (answer,) = later["content"].values()
    assert answer["example"]["detail"]["status_code"] == "202"
    assert later["headers"] == done["headers"]
    assert "202" not in document["paths"]["/books"]["get"]["responses"]


def test_query_parameters_are_described(document: dict[str, Any]) -> None:
    isbn, branches, _ = document["paths"]["/books"]["get"]["parameters"]

    assert (isbn["name"], isbn["required"], isbn["example"]) == ("isbn", True, ISBN)
    assert isbn["description"] == "The book's number"
    assert (branches["required"], branches["description"]) == (False, "Only there")
    assert "example" not in branches


def test_schemas_hide_their_examples_origin(document: dict[str, Any]) -> None:
    assert DESCRIBED not in json.dumps(document)


def test_conflict_has_the_endpoints_text(document: dict[str, Any]) -> None:
    lend, find = document["paths"]["/loans"]["post"], document["paths"]["/books"]["get"]

    assert lend["responses"]["409"]["description"].startswith("The book is lent already; or: ")
    assert "409" not in find["responses"]


def test_only_lookups_answer_404(document: dict[str, Any]) -> None:
    assert "404" in document["paths"]["/loans"]["post"]["responses"]
    assert "404" not in document["paths"]["/books"]["get"]["responses"]


def test_security_is_the_systems_scheme(document: dict[str, Any]) -> None:
    assert document["security"] == [{"Password": []}]
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "basic")
    assert all(
        "security" not in operation
        for methods in document["paths"].values()
        for operation in methods.values()
    )


def test_refusals_are_in_the_systems_words(document: dict[str, Any]) -> None:
    responses = document["components"]["responses"]

    assert responses["Unauthorized"]["description"] == "The password is wrong"
    assert responses["NotFound"]["description"].startswith("There is no such thing")


def test_password_is_asked_for_in_401(document: dict[str, Any]) -> None:
    asking = {
        name
        for name, response in document["components"]["responses"].items()
        if "WWW-Authenticate" in response["headers"]
    }

    assert asking == {"Unauthorized"}
    assert "WWW-Authenticate" in document["components"]["headers"]


def test_refusals_share_one_schema(document: dict[str, Any]) -> None:
    """A generator of clients makes a class of every schema that is written in place."""
    for response in document["components"]["responses"].values():
        (content,) = response["content"].values()
        assert content["schema"] == {"$ref": "#/components/schemas/Refusal"}
    refusal = document["components"]["schemas"]["Refusal"]
    assert refusal["properties"]["detail"] == {"$ref": "#/components/schemas/Detail"}


def test_every_component_is_used(document: dict[str, Any]) -> None:
    text = json.dumps(document)

    for kind in ("parameters", "headers", "responses", "schemas"):
        for name in document["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name
    assert "BookQuery" not in document["components"]["schemas"]


def test_server_has_no_slash_behind(document: dict[str, Any]) -> None:
    assert [server["url"] for server in document["servers"]] == ["."]


def test_public_endpoint_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = library.FIND._replace(access=Access.PUBLIC)

    described = operation(monkeypatch, spec)

    assert described["security"] == []
    assert not {"401", "403"} & set(described["responses"])


def test_optional_credentials_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = library.FIND._replace(access=Access.OPTIONAL)

    described = operation(monkeypatch, spec)

    assert described["security"] == [{}, {"Password": []}]
    assert {"401", "429", "503"} <= set(described["responses"])


def test_endpoint_may_take_one_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    token = {"type": "http", "scheme": "bearer"}
    both = LIBRARY._replace(schemes={**LIBRARY.schemes, "Token": token})
    routes = {"/books": {"GET": found_by(monkeypatch, library.FIND._replace(schemes=("Token",)))}}

    document = build_document(routes, {"library": both})

    assert document["security"] == [{"Password": []}, {"Token": []}]
    assert document["paths"]["/books"]["get"]["security"] == [{"Token": []}]


def operation(monkeypatch: pytest.MonkeyPatch, spec: Endpoint) -> dict[str, Any]:
    document = build_document(
        {"/books": {"GET": found_by(monkeypatch, spec)}}, {"library": LIBRARY}
    )
    described: dict[str, Any] = document["paths"]["/books"]["get"]
    return described


def found_by(monkeypatch: pytest.MonkeyPatch, spec: Endpoint) -> Any:
    return library.view(monkeypatch, "house.library.books.find", library.find, spec)
