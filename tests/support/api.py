"""Calls the API from a test, in this process or by HTTP. Every answer must be an envelope."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import httpx

from local.banking.client import JSON, Reply, read_reply
from local.banking.in_process import api_event, invoke

_PARAMETER = re.compile(r"{(\w+)}")
Send = Callable[[str, str, str, Mapping[str, str], bytes, str], dict[str, Any]]
"""Takes method, path, query, headers, body and the caller's address; returns a function's answer."""


def in_process(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, source_ip: str
) -> dict[str, Any]:
    """Call the app in this process with the event that the gateway would make.

    The parameters of a path are 1: this is for what holds whatever they are.
    """
    parameters = dict.fromkeys(_PARAMETER.findall(path), "1")
    return invoke(api_event(method, path, headers, body, query, source_ip, parameters=parameters))


def over_http(client: httpx.Client) -> Send:
    """Send requests to a client's server. The answer has the form of a function's."""

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
    """Calls endpoints with one API key, in this process or by HTTP. None sends no header.

    A `login` is a user and a password, which HTTP Basic sends. A `token` is a bearer's.
    """

    key: str | None
    source_ip: str = "127.0.0.1"
    send: Send = in_process
    login: tuple[str, str] | None = None
    token: str | None = None

    def with_key(self, key: str | None) -> Api:
        """The same API with another caller's key."""
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
        """Send `body` as JSON, or `raw` unchanged. Every answer must be an envelope."""
        sent = {**JSON, **(headers or {})}
        if self.key is not None:
            sent["X-API-Key"] = self.key
        if self.login is not None:
            told = base64.b64encode(":".join(self.login).encode()).decode()
            sent["Authorization"] = f"Basic {told}"
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        payload = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        answer = self.send(
            method, path, urlencode(query or {}, doseq=True), sent, payload, self.source_ip
        )
        reply = read_reply(answer["statusCode"], answer["headers"], answer["body"])
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
