"""Calling the handlers in this process: the true event, no HTTP."""

from __future__ import annotations

import json
from typing import Any

from app import app
from local.lambda_context import LambdaContext
from local.proxy_event import IncomingRequest, proxy_event


def call(key: str, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The `data` of a 2xx answer; anything else is an error of the measurement."""
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
    answer = app(event, LambdaContext("api_handler", 30))
    if answer["statusCode"] >= 300:
        raise RuntimeError(f"{method} {path}: {answer['statusCode']} {answer['body']}")
    data: dict[str, Any] = json.loads(answer["body"])["data"]
    return data
