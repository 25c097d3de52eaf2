"""The events are compared with golden files, byte for byte after formatting."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chalice.app import Request

from local.aws_shapes.proxy_event import IncomingRequest, proxy_event

GOLDEN = Path(__file__).parent / "events"
POST = {
    "method": "POST",
    "path": "/customer/data",
    "query": "",
    "headers": [
        ("host", "127.0.0.1:8000"),
        ("content-type", "application/json"),
        ("user-agent", "curl/8"),
        ("x-api-key", "fk_key"),
    ],
    "body": '{"name": "Zoë"}'.encode(),
}
GET = {
    "method": "GET",
    "path": "/files/a b",
    "query": "tag=one&tag=two%20words&empty=&plus=a+b",
    "headers": [
        ("host", "127.0.0.1:8000"),
        ("accept", "text/html"),
        ("accept", "application/json"),
        ("x-forwarded-for", "198.51.100.9"),
        ("x-amzn-trace-id", "Root=1-00000000-abc"),
    ],
    "body": b"",
    "resource": "/files/{name}",
    "parameters": {"name": "a b"},
}


def request(**changes: Any) -> IncomingRequest:
    fixed: dict[str, Any] = {
        "source_ip": "203.0.113.7",
        "resource": "/customer/data",
        "parameters": {},
        "request_id": "the-request-id",
        "received_at": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        "gateway_id": "11111111-2222-4333-8444-555555555555",
        "trace_id": "0123456789abcdef01234567",
    }
    return IncomingRequest(**{**fixed, **changes})


@pytest.mark.parametrize(("name", "changes"), [("post", POST), ("get", GET)])
def test_event_is_the_golden_one(name: str, changes: dict[str, Any]) -> None:
    expected = json.loads((GOLDEN / f"{name}.json").read_text())

    assert proxy_event(request(**changes)) == expected


def test_chalice_reads_what_was_sent() -> None:
    seen = Request(proxy_event(request(**POST)), None)

    assert seen.json_body == {"name": "Zoë"}
    assert seen.headers["X-Api-Key"] == "fk_key"
    assert Request(proxy_event(request(**GET)), None).query_params.getlist("tag") == [
        "one",
        "two words",
    ]


def test_binary_body_stays_whole() -> None:
    event = proxy_event(request(**{**POST, "body": b'{"name": "\xff"}'}))

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b'{"name": "\xff"}'


def test_client_request_id_is_replaced() -> None:
    headers = [("X-Request-ID", "not sane\t")]
    event = proxy_event(request(**{**POST, "headers": headers}))

    assert event["multiValueHeaders"]["X-Request-Id"] == ["the-request-id"]
    assert "X-Request-ID" not in event["headers"]
