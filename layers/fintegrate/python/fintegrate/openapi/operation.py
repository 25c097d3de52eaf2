"""One operation: what an endpoint takes, gives and may refuse."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from fintegrate.http.endpoint import Access, Endpoint
from fintegrate.http.envelope import envelope
from fintegrate.openapi.description import Description
from fintegrate.openapi.headers import RATE_LIMITS, header_refs, parameter_ref
from fintegrate.openapi.refusals import Refusals
from fintegrate.openapi.schemas import JSON, Schemas

ADMIN_ONLY = "For the admin only."
UNCHANGED = {"description": "The caller has this version", "headers": header_refs("ETag")}


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a path, its view, and the system under which the document describes it.

    In a document of several systems, the names of the further ones' operations and tags begin with the
    system's name: those of the first are what they are in its own document.
    """

    method: str
    path: str
    view: Callable[..., Response]
    system: str
    is_further: bool = False

    @property
    def spec(self) -> Endpoint:
        """The arguments of the endpoint's decorator."""
        spec: Endpoint = self.view.__endpoint__  # type: ignore[attr-defined]
        return spec

    @property
    def tag(self) -> str:
        """The service's name: the package that the endpoint's module lies in."""
        service = self.view.__module__.split(".")[-2]
        return (f"{self.system} {service}" if self.is_further else service).capitalize()

    @property
    def operation_id(self) -> str:
        """The handler's name."""
        name = self.view.__name__
        return f"{self.system}_{name}" if self.is_further else name

    @property
    def takes_idempotency_key(self) -> bool:
        return self.method == "POST" and self.spec.idempotency


class Operations:
    """Makes the Operation Objects of routes, with references to shared components."""

    def __init__(
        self, systems: Mapping[str, Description], schemas: Schemas, refusals: Refusals
    ) -> None:
        self._systems = systems
        self._schemas = schemas
        self._refusals = refusals
        self.security = next(iter(systems.values())).security()
        """The document's security requirement, for operations without one of their own."""

    def describe(self, route: Route) -> dict[str, Any]:
        """The Operation Object of a route."""
        summary, _, rest = (inspect.getdoc(route.view) or "").partition("\n")
        notes = [ADMIN_ONLY] if route.spec.access is Access.ADMIN else []
        notes += [rest.strip()] if rest.strip() else []
        security = self._security(route)
        operation: dict[str, Any] = {
            "operationId": route.operation_id,
            "tags": [route.tag],
            "summary": summary.removesuffix("."),
            **({"description": "\n\n".join(notes)} if notes else {}),
            "parameters": self._parameters(route),
            "responses": {
                str(route.spec.status): self._success(route),
                **({"202": self._later(route)} if route.spec.later else {}),
                **({"304": UNCHANGED} if route.spec.versioned else {}),
                **self._refusals.of(route.system, route.method, route.spec),
            },
            **({"security": security} if security != self.security else {}),
        }
        if route.method != "GET" and route.spec.takes.model_fields:
            operation["requestBody"] = self._request_body(route.spec)
        return operation

    def _security(self, route: Route) -> list[dict[str, list[str]]]:
        if route.spec.access is Access.PUBLIC:
            return []
        described = self._systems[route.system]
        required = described.security(route.spec.schemes)
        required += [{name: []} for name in route.spec.also if name in described.further]
        return [{}, *required] if route.spec.access is Access.OPTIONAL else required

    def _parameters(self, route: Route) -> list[dict[str, Any]]:
        headers = ["RequestId"] + ["IdempotencyKey"] * route.takes_idempotency_key
        headers += ["IfNoneMatch"] * route.spec.versioned
        query = self._schemas.parameters(route.spec.takes, "query") if route.method == "GET" else []
        path = self._schemas.parameters(route.spec.path, "path") if route.spec.path else []
        return [*path, *query, *(parameter_ref(name) for name in headers)]

    def _request_body(self, spec: Endpoint) -> dict[str, Any]:
        content = {
            "schema": self._schemas.request(spec.takes),
            "example": self._schemas.request_example(spec.takes),
        }
        return {"required": True, "content": {JSON: content}}

    def _success(self, route: Route) -> dict[str, Any]:
        spec = route.spec
        limits = RATE_LIMITS if spec.access is not Access.PUBLIC else ()
        replayed = ("Idempotency-Replayed",) if route.takes_idempotency_key else ()
        version = ("ETag",) if spec.versioned else ()
        return {
            "description": HTTPStatus(spec.status).phrase,
            "headers": header_refs(*limits, *replayed, *version),
            "content": self._content(spec, spec.status),
        }

    def _later(self, route: Route) -> dict[str, Any]:
        said = {"description": str(route.spec.later)}
        return {**self._success(route), **said, "content": self._content(route.spec, 202)}

    def _content(self, spec: Endpoint, status: int) -> dict[str, Any]:
        if spec.may_give is None:
            return self._usual_content(spec, status)
        kind = spec.may_give.partition(";")[0]
        return {**self._usual_content(spec, status), kind: {"schema": {"type": "string"}}}

    def _usual_content(self, spec: Endpoint, status: int) -> dict[str, Any]:
        if spec.media_type == JSON and spec.gives is not None:
            return {
                JSON: {
                    "schema": self._schemas.bare_answer(spec.gives),
                    "example": self._schemas.answer_example(spec.gives),
                }
            }
        if spec.media_type is not None:
            kind = "object" if spec.media_type == JSON else "string"
            return {spec.media_type.partition(";")[0]: {"schema": {"type": kind}}}
        return {
            JSON: {
                "schema": self._schemas.answer(spec.gives),
                "example": envelope(status, self._schemas.answer_example(spec.gives)),
            }
        }
