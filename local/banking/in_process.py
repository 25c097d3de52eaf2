"""Calls the functions in this process, with the event that the gateway would make and no HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from chalice import Chalice

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.banking.client import JSON, encoded

API_FUNCTION = "api_handler"
SECONDS = 30
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


def api_event(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    query: str = "",
    source_ip: str = "127.0.0.1",
    parameters: Mapping[str, str] = NO_PARAMETERS,
) -> dict[str, Any]:
    """The event of one request. The path is a template if it has parameters."""
    request = IncomingRequest(
        method=method,
        path=path.format(**parameters) if parameters else path,
        query=query,
        headers=list(headers.items()),
        body=body,
        source_ip=source_ip,
        resource=path,
        parameters=dict(parameters),
        request_id=headers.get("X-Request-Id", str(uuid.uuid4())),
    )
    return proxy_event(request)


def json_event(key: str, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a request with a key and a JSON body."""
    return api_event(method, path, {"X-API-Key": key, **JSON}, encoded(body))


def invoke(event: dict[str, Any], app: Chalice | None = None) -> dict[str, Any]:
    """The function's answer, as it gives it to the gateway.

    Args:
        app: by default Fintegrate's, imported when it is first needed
    """
    if app is None:
        from app import app as fintegrate

        app = fintegrate
    answer: dict[str, Any] = app(event, LambdaContext(API_FUNCTION, SECONDS))
    return answer
