"""Calling the handlers in this process: the true event, no HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalice import Chalice

from app import app as fintegrate
from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event


def prepared(
    key: str, method: str, path: str, body: dict[str, Any], app: Chalice = fintegrate
) -> Callable[[], str]:
    """The handler's part of a request, to be timed: the event is made, the answer not read.

    Raises (when called):
        RuntimeError: the answer is not 2xx, which would falsify the measurement.
    """
    event = proxy_event(
        IncomingRequest(
            method=method,
            path=path,
            query="",
            headers=[("X-API-Key", key), ("Content-Type", "application/json")],
            body=json.dumps(body).encode(),
            source_ip="127.0.0.1",
            resource=path,
            parameters={},
            request_id="bench",
        )
    )
    context = LambdaContext("api_handler", 30)

    def invoke() -> str:
        answer: dict[str, Any] = app(event, context)
        if answer["statusCode"] >= 300:
            raise RuntimeError(f"{method} {path}: {answer['statusCode']} {answer['body']}")
        return str(answer["body"])

    return invoke


def call(key: str, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The `data` of a 2xx answer."""
    data: dict[str, Any] = json.loads(prepared(key, method, path, body)())["data"]
    return data
