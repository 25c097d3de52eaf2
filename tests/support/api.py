"""The API as a caller sees it, in this process: the real Chalice app, the gateway's true event."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import httpx

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event

Send = Callable[[str, str, str, Mapping[str, str], bytes, str], dict[str, Any]]
"""Method, path, query, headers, body and address of the caller → a function's answer."""


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its headers and its envelope."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        data = self.body["data"]
        assert isinstance(data, dict)
        return data

    @property
    def detail(self) -> dict[str, str]:
        detail = self.body["detail"]
        assert isinstance(detail, dict)
        return detail

    @property
    def description(self) -> str:
        return self.detail["status_description"]


def in_process(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, source_ip: str
) -> dict[str, Any]:
    """Call the app in this process with the event that the gateway would make."""
    from app import app

    request_id = headers.get("X-Request-Id", str(uuid.uuid4()))
    request = IncomingRequest(
        method=method,
        path=path,
        query=query,
        headers=list(headers.items()),
        body=body,
        source_ip=source_ip,
        resource=path,
        parameters={},
        request_id=request_id,
    )
    answer: dict[str, Any] = app(proxy_event(request), LambdaContext("api_handler", 30))
    return answer


def over_http(client: httpx.Client) -> Send:
    """Sends requests to a client's server; its answer in the shape of a function's."""

    def send(
        method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, _source_ip: str
    ) -> dict[str, Any]:
        url = path + (f"?{query}" if query else "")
        answer = client.request(method, url, headers=dict(headers), content=body)
        return {
            "statusCode": answer.status_code,
            "headers": answer.headers,
            "body": answer.text,
        }

    return send


@dataclass(frozen=True)
class Api:
    """Calls endpoints with one API key (None: without the header), in this process or by HTTP."""

    key: str | None
    source_ip: str = "127.0.0.1"
    send: Send = in_process

    def with_key(self, key: str | None) -> Api:
        """The same API as another caller."""
        return replace(self, key=key)

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """Send `body` as JSON (or `raw` as it is); every answer must be an envelope."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self.key is not None:
            sent["X-API-Key"] = self.key
        payload = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        answer = self.send(
            method, path, urlencode(query or {}, doseq=True), sent, payload, self.source_ip
        )
        reply = Reply(answer["statusCode"], answer["headers"], json.loads(answer["body"]))
        assert reply.detail["status_code"] == str(reply.status)
        return reply

    def get(self, path: str, **query: object) -> Reply:
        return self("GET", path, query=query)

    def post(self, path: str, **body: object) -> Reply:
        return self("POST", path, body)

    def patch(self, path: str, **body: object) -> Reply:
        return self("PATCH", path, body)

    def delete(self, path: str, **body: object) -> Reply:
        return self("DELETE", path, body)


@dataclass(frozen=True)
class Bank:
    """A consumer of the test's own, with its key."""

    consumer_id: str
    name: str
    api: Api

    def create_customer(self, name: str = "Jane Roe", **fields: object) -> str:
        """A new customer's id."""
        reply = self.api.post("/customer/data", name=name, **fields)
        assert reply.status == 201, reply
        return str(reply.data["customer_id"])
