"""One HTTP request, read from the gateway's event.

The gateway sends API Gateway's REST proxy event, and Chalice's `Request` wraps it. The body is JSON or
empty. `GET` takes query parameters, or a JSON body if there are none.
"""

from __future__ import annotations

import re
import uuid
from codecs import BOM_UTF8
from contextvars import ContextVar
from typing import TypeVar

from chalice.app import Request as ChaliceRequest
from pydantic import BaseModel

from fintegrate.errors import BadRequest, Invalid, PayloadTooLarge
from fintegrate.http.several import takes_several
from fintegrate.http.validation import validate_json, validate_strings
from fintegrate.metrics_store import Metrics
from fintegrate.redaction import has_secret, redacted

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
M = TypeVar("M", bound=BaseModel)

current: ContextVar[Request] = ContextVar("current_request")
"""The request that this thread answers. The middleware sets it, the endpoint reads it."""


class Request:
    """A request, as the endpoint's decorator needs it."""

    def __init__(self, raw: ChaliceRequest) -> None:
        self._raw = raw
        self.method: str = raw.method
        self.path: str = raw.context.get("resourcePath") or redacted(raw.path)
        """The template until `parse_path` has found what stands in it: nobody else's words are kept."""
        self.route: str = raw.context.get("resourcePath") or "unknown"
        """The path's template, such as `/items/{id}`, never the path itself."""
        self.metrics: Metrics | None = None
        """The metrics that count this request; set by its endpoint."""
        self.source_ip: str = raw.context.get("identity", {}).get("sourceIp") or "unknown"
        self.id = self._request_id()

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        value = self._raw.headers.get(name)
        return None if value is None else str(value)

    def has_version(self, tag: str) -> bool:
        """Whether the caller of a GET has the version of the answer with this entity tag.

        Source: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
        """
        known = self.header("if-none-match") if self.method == "GET" else None
        tags = [each.strip().removeprefix("W/") for each in (known or "").split(",")]
        return "*" in tags or tag.removeprefix("W/") in tags

    @property
    def traceparent(self) -> str | None:
        """The caller's trace context, if it is valid.

        Source: https://www.w3.org/TR/trace-context/
        """
        value = self.header("traceparent") or ""
        return value if _TRACEPARENT.fullmatch(value) else None

    def text(self, limit: int) -> str:
        """The body as text, without a byte order mark (RFC 8259, section 8.1). No lone surrogates.

        Raises:
            PayloadTooLarge: it has more than `limit` bytes.
            BadRequest: it is not UTF-8.
        """
        raw = self._raw.raw_body
        if isinstance(raw, str):  # Chalice gives an empty body as text
            raw = raw.encode()
        if len(raw) > limit:
            raise PayloadTooLarge(
                f"The body has {len(raw)} bytes, at most {limit} are taken; send fewer entries"
            )
        try:
            return raw.removeprefix(BOM_UTF8).decode()  # the codec for it is written in Python
        except UnicodeDecodeError:
            raise BadRequest("The body is not UTF-8; send a JSON object in UTF-8") from None

    def parse(self, model: type[M], limit: int) -> M:
        """Validate the request.

        Raises:
            BadRequest: the body is not a JSON object.
            Invalid: a field or a parameter is wrong.
            PayloadTooLarge: the body has more than `limit` bytes.
        """
        parameters = self._parameters(model)
        text = self.text(limit)
        if self.method != "GET":
            if parameters:
                raise Invalid("query: only GET takes query parameters; send a JSON object instead")
            return validate_json(model, text or _nothing(model, self.method))
        if parameters or not text:
            return validate_strings(model, parameters)
        return validate_json(model, text)

    def parse_path(self, model: type[M]) -> M:
        """Validate the parameters of the path; `self.path` has them from then on.

        Raises:
            Invalid: one is wrong.
        """
        parameters = validate_strings(model, self._raw.uri_params or {})
        for name, value in parameters:
            self.path = self.path.replace(f"{{{name}}}", redacted(str(value)))
        return parameters

    def _parameters(self, model: type[BaseModel]) -> dict[str, str]:
        multiple = self._raw.query_params
        if multiple is None:
            return {}
        parameters = {}
        for name in multiple:
            values = multiple.getlist(name)
            if len(values) > 1 and not takes_several(model, name):
                raise Invalid(f"{name[:60]}: is given {len(values)} times, give it once")
            parameters[name] = ",".join(values)
        return parameters

    def _request_id(self) -> str:
        wanted = self.header("x-request-id") or ""
        if _SANE_REQUEST_ID.fullmatch(wanted) and not has_secret(wanted):
            return wanted
        return str(self._raw.context.get("requestId") or uuid.uuid4())


def _nothing(model: type[BaseModel], method: str) -> str:
    """What stands for an empty body: an empty object, if DELETE need not say anything, others cannot."""
    fields = model.model_fields.values()
    spoken = any(field.is_required() for field in fields) if method == "DELETE" else bool(fields)
    return "" if spoken else "{}"
