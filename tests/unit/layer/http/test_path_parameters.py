"""Parameters of a path, such as the id in `/books/{id}`."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import Field

from fintegrate.http.endpoint import (
    Accepted,
    Access,
    Answer,
    Call,
    Endpoint,
    Nothing,
    endpoints,
)
from fintegrate.http.request_scope import request_scope
from fintegrate.http.rest_api import RestApi
from fintegrate.http.validation import RequestModel
from fintegrate.openapi.description import Description
from fintegrate.openapi.document import build_document
from local.aws_shapes.lambda_context import LambdaContext
from local.banking.in_process import api_event


class BookPath(RequestModel):
    """Which book."""

    id: Annotated[int, Field(ge=1)]


class BookChange(RequestModel):
    """What to change of it."""

    title: str


def change(call: Call[BookChange]) -> Answer:
    """Change a book."""
    return Answer({"id": call.path.id, "title": call.body.title})


def delete(call: Call[Nothing]) -> Answer:
    """Delete a book."""
    return Answer({"id": call.path.id})


@pytest.fixture
def api() -> RestApi:
    parts: Any = SimpleNamespace(
        metrics=SimpleNamespace(
            count=lambda *_: None,
            observe=lambda *_, **__: None,
            began_with=lambda *_: None,
            flush_due=lambda **_: None,
        ),
        database=None,
        audit=None,
        idempotency_keys=None,
        publish_new=None,
        max_body_bytes=1_000,
    )
    public = {"access": Access.PUBLIC, "path": BookPath}
    endpoint = endpoints(lambda: parts, Endpoint)
    api = RestApi("api", configure_logs=False)
    api.register_middleware(request_scope(lambda: parts.metrics), "http")
    api.route("/books/{id}", methods=["PATCH"])(endpoint(BookChange, **public)(change))
    api.route("/books/{id}", methods=["DELETE"])(endpoint(Nothing, **public)(delete))
    return api


def answered(api: RestApi, method: str, number: str, body: bytes) -> tuple[int, Any]:
    event = api_event(method, "/books/{id}", {}, body, "", "127.0.0.1")
    event["pathParameters"] = {"id": number}
    answer = api(event, LambdaContext("api", 29))
    return answer["statusCode"], json.loads(answer["body"])


def test_handler_gets_the_parameters(api: RestApi) -> None:
    status, body = answered(api, "PATCH", "7", b'{"title": "Emma"}')

    assert (status, body["data"]) == (200, {"id": 7, "title": "Emma"})


@pytest.mark.parametrize("number", ["0", "-1", "seven", "7.5", "%37"])
def test_wrong_parameters_are_named(api: RestApi, number: str) -> None:
    status, body = answered(api, "PATCH", number, b'{"title": "Emma"}')

    assert status == 422
    assert body["detail"]["status_description"].startswith("id: ")


def test_log_names_what_was_asked_for(api: RestApi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    answered(api, "DELETE", "7", b"")
    answered(api, "DELETE", "fk_secret", b"")

    told = [record.getMessage().partition(" in ")[0] for record in caplog.records]
    assert told == ["DELETE /books/7 200", "DELETE /books/{id} 422"]


def test_outcome_is_made_after_the_handler(api: RestApi) -> None:
    steps: list[str] = []
    after = Answer(after_commit=lambda: steps.append("after"), outcome=lambda: {"steps": steps})
    parts: Any = SimpleNamespace(
        metrics=None, database=None, audit=None, idempotency_keys=None, max_body_bytes=1_000
    )
    endpoint = endpoints(lambda: parts, Endpoint)
    api.route("/steps", methods=["GET"])(
        endpoint(Nothing, access=Access.PUBLIC)(lambda _call: after)
    )
    answer = api(api_event("GET", "/steps", {}), LambdaContext("api", 29))

    assert json.loads(answer["body"])["data"] == {"steps": ["after"]}


def test_work_that_goes_on_is_accepted(api: RestApi) -> None:
    later = Answer(outcome=lambda: Accepted({"state": "running"}))
    parts: Any = SimpleNamespace(
        metrics=None, database=None, audit=None, idempotency_keys=None, max_body_bytes=1_000
    )
    endpoint = endpoints(lambda: parts, Endpoint)
    api.route("/later", methods=["GET"])(
        endpoint(Nothing, status=201, access=Access.PUBLIC, later="It goes on")(lambda _call: later)
    )
    answer = api(api_event("GET", "/later", {}), LambdaContext("api", 29))

    assert answer["statusCode"] == 202
    body = json.loads(answer["body"])
    assert body["data"] == {"state": "running"}
    assert body["detail"]["status_name"] == "ACCEPTED"


def test_nothing_may_be_an_empty_body(api: RestApi) -> None:
    assert answered(api, "DELETE", "7", b"")[0] == 200
    assert answered(api, "DELETE", "7", b"{}")[0] == 200
    assert answered(api, "DELETE", "7", b'{"title": "Emma"}')[0] == 422
    assert answered(api, "PATCH", "7", b"")[0] == 400


def test_document_has_the_parameters(api: RestApi) -> None:
    described = Description("Books", "1.0.0", "Books are kept here.", schemes={})
    operations = build_document(api.routes, {"books": described})["paths"]["/books/{id}"]

    (own,) = (p for p in operations["delete"]["parameters"] if p.get("in") == "path")
    assert (own["name"], own["required"], own["schema"]["minimum"]) == ("id", True, 1)
    assert "requestBody" not in operations["delete"]
    assert "requestBody" in operations["patch"]
