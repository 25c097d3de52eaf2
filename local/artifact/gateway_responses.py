"""The gateway's own answers, as the template defines them.

A template can define them in three places; all are read. What the template does not define is
answered in this project's envelope, as the local gateway does. Types and variables follow "Gateway
response types" and "Variables for access logging" in API Gateway's developer guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from local.artifact.package.intrinsics import Intrinsics, Unresolved
from local.artifact.package.template import Template
from local.gateway.refusals import Refusal

RESOURCE = "AWS::ApiGateway::GatewayResponse"
IN_DOCUMENT = "x-amazon-apigateway-gateway-responses"
HEADER = "gatewayresponse.header."
VARIABLE = re.compile(r"\$context\.[A-Za-z.]*[A-Za-z]")


@dataclass(frozen=True)
class Shape:
    """The answer of one type: a status (its own or the refusal's), a body and headers."""

    status: int | None
    body: str
    headers: Mapping[str, str]


class GatewayResponses:
    """The answers that a template defines, by type."""

    def __init__(self, template: Template) -> None:
        self._shapes = dict(_shapes(template))

    def response(self, refusal: Refusal, request_id: str) -> Response:
        """The answer that the client gets for a refusal."""
        response = refusal.response()
        shape = self._shapes.get(refusal.kind) or self._shapes.get(_default(response.status_code))
        if shape is None:
            return response
        context = _context(refusal, request_id)
        return Response(
            _filled(shape.body, context),
            shape.status or response.status_code,
            {**(refusal.headers or {}), **_headers(shape, context)},
            media_type="application/json",
        )


def _default(status: int) -> str:
    return "DEFAULT_4XX" if status < 500 else "DEFAULT_5XX"


def _shapes(template: Template) -> Iterator[tuple[str, Shape]]:
    api, intrinsics = template.api, template.intrinsics
    for kind, said in api.get("DefinitionBody", {}).get(IN_DOCUMENT, {}).items():
        yield kind, _shape({key[0].upper() + key[1:]: value for key, value in said.items()})
    for kind, said in api.get("GatewayResponses", {}).items():
        yield kind, _shape(_resolved(said, intrinsics))
    for resource in template.resources.values():
        if resource["Type"] == RESOURCE:
            said = _resolved(resource["Properties"], intrinsics)
            yield said["ResponseType"], _shape(said)


def _resolved(said: Mapping[str, Any], intrinsics: Intrinsics) -> dict[str, Any]:
    """The properties that the template alone can resolve. The API's id is not one of them."""
    known = {}
    for name, value in said.items():
        try:
            known[name] = intrinsics.resolve(value)
        except Unresolved:
            continue
    return known


def _shape(said: Mapping[str, Any]) -> Shape:
    status = said.get("StatusCode")
    parameters = said.get("ResponseParameters", {})
    headers = dict(parameters.get("Headers", {}))
    headers |= {
        name.removeprefix(HEADER): value
        for name, value in parameters.items()
        if name.startswith(HEADER)
    }
    body = said.get("ResponseTemplates", {}).get("application/json", "")
    return Shape(None if status is None else int(status), body, headers)


def _context(refusal: Refusal, request_id: str) -> dict[str, str]:
    return {
        "$context.requestId": request_id,
        "$context.extendedRequestId": request_id,
        "$context.error.message": str(refusal),
        "$context.error.messageString": json.dumps(str(refusal)),
        "$context.error.responseType": refusal.kind,
    }


def _filled(template: str, context: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: context.get(found[0], ""), template)


def _headers(shape: Shape, context: Mapping[str, str]) -> dict[str, str]:
    """The headers. A value in single quotes is a literal; any other names a variable of the context."""
    return {
        name: value[1:-1] if value.startswith("'") else context.get(f"${value}", "")
        for name, value in shape.headers.items()
    }
