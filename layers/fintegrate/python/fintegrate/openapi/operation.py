"""One operation: what an endpoint takes, gives and may refuse."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from fintegrate.http.endpoint import Access, Endpoint
from fintegrate.http.envelope import envelope
from fintegrate.openapi.headers import RATE_LIMITS, header_refs, parameter_ref
from fintegrate.openapi.refusals import refusals_of
from fintegrate.openapi.schemas import JSON, Schemas, envelope_schema

ADMIN_ONLY = "For the admin only."


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a path, and the view that serves it."""

    method: str
    path: str
    view: Callable[[], Response]

    @property
    def spec(self) -> Endpoint:
        """What the endpoint's decorator was told."""
        spec: Endpoint = self.view.__endpoint__  # type: ignore[attr-defined]
        return spec

    @property
    def takes_idempotency_key(self) -> bool:
        """Whether the request may be repeated under a key."""
        return self.method == "POST" and self.spec.idempotency


def tag_of(route: Route) -> str:
    """The service's name: the package that the endpoint's module lies in."""
    return route.view.__module__.split(".")[-2].capitalize()


def describe(route: Route, schemas: Schemas) -> dict[str, Any]:
    """The Operation Object of a route."""
    summary, _, rest = (inspect.getdoc(route.view) or "").partition("\n")
    notes = [ADMIN_ONLY] if route.spec.access is Access.ADMIN else []
    notes += [rest.strip()] if rest.strip() else []
    operation: dict[str, Any] = {
        "operationId": route.view.__name__,
        "tags": [tag_of(route)],
        "summary": summary.removesuffix("."),
        **({"description": "\n\n".join(notes)} if notes else {}),
        "parameters": _parameters(route, schemas),
        "responses": {
            str(route.spec.status): _success(route, schemas),
            **refusals_of(route.method, route.spec),
        },
    }
    if route.spec.access is Access.PUBLIC:
        operation["security"] = []
    if route.method != "GET":
        operation["requestBody"] = _request_body(route.spec, schemas)
    return operation


def _parameters(route: Route, schemas: Schemas) -> list[dict[str, Any]]:
    headers = ["RequestId"] + ["IdempotencyKey"] * route.takes_idempotency_key
    query = schemas.query_parameters(route.spec.takes) if route.method == "GET" else []
    return query + [parameter_ref(name) for name in headers]


def _request_body(spec: Endpoint, schemas: Schemas) -> dict[str, Any]:
    content = {
        "schema": schemas.request(spec.takes),
        "example": schemas.request_example(spec.takes),
    }
    return {"required": True, "content": {JSON: content}}


def _success(route: Route, schemas: Schemas) -> dict[str, Any]:
    spec = route.spec
    limits = RATE_LIMITS if spec.access is not Access.PUBLIC else ()
    replayed = ("Idempotency-Replayed",) if route.takes_idempotency_key else ()
    return {
        "description": HTTPStatus(spec.status).phrase,
        "headers": header_refs(*limits, *replayed),
        "content": _content(spec, schemas),
    }


def _content(spec: Endpoint, schemas: Schemas) -> dict[str, Any]:
    if spec.media_type is not None:
        kind = "object" if spec.media_type == JSON else "string"
        return {spec.media_type.partition(";")[0]: {"schema": {"type": kind}}}
    return {
        JSON: {
            "schema": envelope_schema(spec.status, schemas.answer(spec.gives)),
            "example": envelope(spec.status, schemas.answer_example(spec.gives)),
        }
    }
