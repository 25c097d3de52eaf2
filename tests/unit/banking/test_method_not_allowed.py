"""Methods that a path does not define reach the function in AWS."""

from __future__ import annotations

import logging

import pytest

from app import app
from fintegrate.http.rest_api import RestApi
from local.aws_shapes.lambda_context import LambdaContext
from local.banking.in_process import api_event
from tests.support.api import Api, in_process


def test_wrong_method_names_the_right_ones() -> None:
    reply = Api(None)("PUT", "/customer/list")

    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert "GET" in reply.description


def test_options_says_what_is_allowed() -> None:
    answer = in_process("OPTIONS", "/customer/data", "", {}, b"", "127.0.0.1")

    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"]["Allow"] == "DELETE, GET, HEAD, OPTIONS, POST"
    assert answer["headers"]["X-Request-Id"]


def test_head_is_answered_as_get() -> None:
    api = RestApi("api")
    api.route("/thing")(lambda: {"it": "is"})

    answers = [
        api(api_event(method, "/thing", {}, b"", "", "127.0.0.1"), LambdaContext("api", 29))
        for method in ("HEAD", "GET")
    ]

    assert answers[0] == answers[1]
    assert answers[0]["statusCode"] == 200


@pytest.mark.parametrize(
    "event",
    [
        {"source": "serverless-plugin-warmup"},
        {"requestContext": None},
        {"requestContext": {"elb": {"targetGroupArn": "arn:aws:…"}}, "httpMethod": "GET"},
        {"version": "2.0", "requestContext": {"http": {"method": "GET", "path": "/health"}}},
        [],
    ],
)
def test_other_events_get_the_envelope(event: object, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = app(event, LambdaContext("api_handler", 29))

    assert answer["statusCode"] == 400
    assert '"status_code":"400"' in answer["body"]
    assert "REST API" in caplog.text
