"""GET /openapi.json: valid, whole, and true to what the endpoints do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from schemathesis.specs.openapi.definitions import OPENAPI_31

from chalicelib import systems
from chalicelib.operations import read_openapi
from fintegrate.http.endpoint import Access, Endpoint
from fintegrate.http.validation import validate_json, validate_strings
from tests.integration.operations.pages import get


@pytest.fixture
def document(parts: object) -> Iterator[dict[str, Any]]:
    """Of a process that serves all systems, as `make local` does."""
    systems.served.use(systems.named(None))
    read_openapi._document.cache_clear()
    page = get("/openapi.json")
    assert page.status == 200
    assert page.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = json.loads(page.text)
    yield found
    read_openapi._document.cache_clear()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def specs() -> dict[tuple[str, str], Endpoint]:
    from app import app

    return {
        (method, path): entry.view_function.__endpoint__
        for path, methods in app.routes.items()
        for method, entry in methods.items()
    }


def test_document_is_valid_openapi(document: dict[str, Any]) -> None:
    Draft202012Validator(OPENAPI_31).validate(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_exactly_the_routes_are_described(document: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == set(specs())


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


def test_document_marks_endpoints_with_keys(document: dict[str, Any]) -> None:
    assert document["security"] == [{"ApiKey": []}, {"Session": []}]
    public = {(m, p) for m, p, operation in operations(document) if operation.get("security") == []}

    assert public == {key for key, spec in specs().items() if spec.access is Access.PUBLIC}
    pages = {"/health", "/openapi.json", "/docs", "/api/v1/health"}
    pages |= {"/console", "/console/assets/{name}"}
    pages |= {"/app/offline-queue.js", "/app/demo", "/app/feed", "/app/{file}"}
    assert public == {("GET", path) for path in pages}


def test_document_names_the_checked_schemes(parts: object) -> None:
    for system in systems.served():
        assert list(system.description().schemes) == list(system.request_parts().schemes)


def test_document_offers_idempotency_keys(document: dict[str, Any]) -> None:
    reference = {"$ref": "#/components/parameters/IdempotencyKey"}
    offered = {(m, p) for m, p, o in operations(document) if reference in o["parameters"]}

    assert offered == {
        key for key, spec in specs().items() if key[0] == "POST" and spec.idempotency
    }
    assert ("POST", "/consumer/api-key") not in offered


def test_request_examples_are_taken(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        spec = specs()[method, path]
        for place, model in (("query", spec.takes), ("path", spec.path)):
            if model is not None and (place == "path" or method == "GET"):
                validate_strings(model, examples(operation, place))
        if "requestBody" in operation:
            body = operation["requestBody"]["content"]["application/json"]["example"]
            validate_json(spec.takes, json.dumps(body))


def examples(operation: dict[str, Any], place: str) -> dict[str, str]:
    """The examples of the parameters that a request must have there."""
    return {
        parameter["name"]: str(parameter["example"])
        for parameter in operation["parameters"]
        if parameter.get("required") and parameter["in"] == place
    }


def test_answer_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            for content in resolved(document, response).get("content", {}).values():
                if "example" in content:
                    validate(document, content["schema"], content["example"])


def test_answer_without_envelope_has_its_schema(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/feed-access/jwks.json"]["get"]
    content = operation["responses"]["200"]["content"]["application/json"]

    assert content["schema"] == {"$ref": "#/components/schemas/KeySet"}
    assert content["example"].keys() == {"keys"}


def test_document_is_made_once(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    made = read_openapi._document.cache_info().misses
    for _ in range(3):
        get("/openapi.json")

    assert read_openapi._document.cache_info().misses == made == 1


def test_unknown_parameter_is_refused(parts: object) -> None:
    page = get("/openapi.json", query="version=2")

    assert page.status == 422
    assert json.loads(page.text)["detail"]["status_description"] == "version: is not a known field"


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for entry in node:
            yield from references(entry)


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: dict[str, Any] = document["components"]["responses"][node["$ref"].rpartition("/")[2]]
    return found


def validate(document: dict[str, Any], schema: dict[str, Any], value: object) -> None:
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)
