"""Golden cases of TikTok's Events API 2.0.

https://business-api.tiktok.com/portal/docs?id=1771100865818625
Answers: github.com/rudderlabs/rudder-transformer, test/integrations/destinations/tiktok_ads/network.ts
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.relay.delivery.adapters import tiktok
from chalicelib.relay.delivery.shapes import Answer, Kind
from chalicelib.relay.values.json_text import loads
from tests.support.marketing_events import (
    NOW,
    TOKEN,
    UNIX,
    destination,
    nobody,
    purchase,
    sha,
)

THERE = destination("tiktok")


def answered(code: int, count: int = 3, status: int = 200) -> Any:
    body = json.dumps({"code": code, "message": "said", "request_id": "2", "data": {}}).encode()
    return tiktok.judge(Answer(status=status, body=body), count, NOW)


def test_request_is_golden() -> None:
    request = tiktok.compose([purchase()], THERE, NOW)

    assert request.url == "https://business-api.tiktok.com/open_api/v1.3/event/track/"
    assert request.headers["Access-Token"] == TOKEN
    assert loads(request.body) == {
        "event_source": "web",
        "event_source_id": "CABCDEF123",
        "data": [
            {
                "event": "Purchase",
                "event_time": UNIX,
                "event_id": "2025010100001111:purchase_completed",
                "user": {
                    "email": sha("a.nn@gmail.com"),
                    "phone": sha("+12025550123"),
                    "external_id": sha("Cust-17"),
                    "ttclid": "E.C.P.CtMB",
                    "ttp": "94e2a4j9",
                    "ip": "203.0.113.7",
                    "user_agent": "Mozilla/5.0",
                    "city": "newyork",
                    "state": "ny",
                    "country": "us",
                },
                "page": {"url": "https://shop.example/thanks"},
                "properties": loads(
                    """{"value": 80.79, "currency": "USD", "order_id": "2025010100001111",
                    "content_type": "product", "contents": [
                        {"content_id": "kit-1", "content_name": "Kit", "quantity": 2, "price": 30.40},
                        {"content_id": "b", "quantity": 1}]}"""
                ),
            }
        ],
    }


def test_source_and_test_code_are_settings() -> None:
    there = destination("tiktok", event_source="crm", test_event_code="TEST1", api_version="v1.4")

    request = tiktok.compose([purchase(consent={"limited_data_use": True})], there, NOW)

    body = json.loads(request.body)
    assert "/open_api/v1.4/" in request.url
    assert (body["event_source"], body["test_event_code"]) == ("crm", "TEST1")
    assert body["data"][0]["limited_data_use"] is True


@pytest.mark.parametrize("known", ["em", "ph_plus", "external_id"])
def test_one_hash_is_enough(known: str) -> None:
    assert tiktok.skip_reason(nobody(match_keys={known: sha("x")}), THERE) is None


@pytest.mark.parametrize("known", ["ttclid", "ttp"])
def test_one_browser_id_is_enough(known: str) -> None:
    assert tiktok.skip_reason(nobody(private={known: "E.C.P"}), THERE) is None


@pytest.mark.parametrize(
    ("code", "kind", "reason", "unclassified"),
    [
        (0, Kind.DELIVERED, None, False),
        (20001, Kind.HALVE, None, False),
        (40002, Kind.HALVE, None, False),
        (40001, Kind.CONFIGURATION_REFUSED, "permission", False),
        (40104, Kind.CONFIGURATION_REFUSED, "credential", False),
        (40105, Kind.CONFIGURATION_REFUSED, "credential", False),
        (40100, Kind.OVERLOAD, None, False),
        (50000, Kind.OUTAGE, None, False),
        (51010, Kind.OUTAGE, None, False),
        (40999, Kind.HALVE, None, True),
        (70000, Kind.OUTAGE, None, True),
    ],
)
def test_code_decides_with_http_200(
    code: int, kind: Kind, reason: str | None, unclassified: bool
) -> None:
    verdict = answered(code)

    assert (verdict.kind, verdict.reason, verdict.unclassified) == (kind, reason, unclassified)
    assert verdict.code == str(code)


def test_single_partly_taken_event_is_refused() -> None:
    assert answered(20001, count=1).kind == Kind.EVENT_REFUSED


def test_status_counts_where_no_rule_does() -> None:
    assert answered(40999, status=429).kind == Kind.OVERLOAD
    assert answered(60000, status=503).kind == Kind.OUTAGE
    assert answered(0, status=500).kind == Kind.OUTAGE


@pytest.mark.parametrize("body", [b"", b"{}", b'{"code": "0"}', b'{"code": true}', b"[0]"])
def test_no_code_is_an_outage(body: bytes) -> None:
    assert tiktok.judge(Answer(status=200, body=body), 1, NOW).kind == Kind.OUTAGE
