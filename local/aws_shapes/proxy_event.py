"""The event of API Gateway's Lambda proxy integration for REST APIs (payload version 1.0).

The shape is AWS's: "Input format of a Lambda function for proxy integration" in the API
Gateway developer guide. Leaves routing and the reading of the request to the gateway.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from local.aws_shapes.account import ACCOUNT

API = "local"
STAGE = "api"
UNKNOWN_CALLER = dict.fromkeys(
    (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
)
"""The identity of a caller that AWS does not know."""


@dataclass(frozen=True)
class IncomingRequest:
    """What the gateway knows about one request when it calls a function."""

    method: str
    path: str
    query: str
    headers: Iterable[tuple[str, str]]
    body: bytes
    source_ip: str
    resource: str
    parameters: Mapping[str, str]
    request_id: str
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    gateway_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=lambda: secrets.token_hex(12))


def proxy_event(request: IncomingRequest) -> dict[str, Any]:
    """The event, ready for `json.dumps`; absent maps are `None` as AWS sends them."""
    names = {name.lower(): value for name, value in request.headers}
    headers = _with_gateway_headers(request, names)
    single = dict(headers)
    query = parse_qsl(request.query, keep_blank_values=True)
    body, encoded = _body(request.body)
    return {
        "resource": request.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": single or None,
        "multiValueHeaders": _grouped(headers) or None,
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query) or None,
        "pathParameters": dict(request.parameters) or None,
        "stageVariables": None,
        "requestContext": _context(request, names),
        "body": body,
        "isBase64Encoded": encoded,
    }


def _with_gateway_headers(
    request: IncomingRequest, names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The client's headers, the request id made the one we answer with, and what AWS adds."""
    ours = ("x-request-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")
    headers = [(name, value) for name, value in request.headers if name.lower() not in ours]
    said = names.get("x-forwarded-for")
    headers += [
        ("X-Forwarded-For", f"{said}, {request.source_ip}" if said else request.source_ip),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
        ("X-Request-Id", request.request_id),
    ]
    if "x-amzn-trace-id" not in names:
        seconds = int(request.received_at.timestamp())
        headers.append(("X-Amzn-Trace-Id", f"Root=1-{seconds:08x}-{request.trace_id}"))
    return headers


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _body(body: bytes) -> tuple[str | None, bool]:
    """Text as it is; bytes that are no text in base64, so that nothing is lost or replaced."""
    if not body:
        return None, False
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _context(request: IncomingRequest, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT,
        "apiId": API,
        "domainName": names.get("host"),
        "domainPrefix": API,
        "extendedRequestId": request.gateway_id,
        "httpMethod": request.method,
        "identity": _identity(request.source_ip, names.get("user-agent")),
        "path": f"/{STAGE}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": request.gateway_id,
        "requestTime": request.received_at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(request.received_at.timestamp() * 1000),
        "resourceId": "local",
        "resourcePath": request.resource,
        "stage": STAGE,
    }


def _identity(source_ip: str, user_agent: str | None) -> dict[str, str | None]:
    return {**UNKNOWN_CALLER, "sourceIp": source_ip, "userAgent": user_agent}
