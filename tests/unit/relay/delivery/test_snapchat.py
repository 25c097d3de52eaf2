"""Golden cases of Snapchat's Conversions API v3.

https://developers.snap.com/api/marketing-api/Conversions-API/UsingTheAPI
https://developers.snap.com/api/marketing-api/Conversions-API/Parameters
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.relay.delivery.adapters import snapchat
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

THERE = destination("snapchat")


def answered(status: int, body: object, count: int = 2) -> Any:
    return snapchat.judge(Answer(status=status, body=json.dumps(body).encode()), count, NOW)


def test_request_is_golden() -> None:
    request = snapchat.compose([purchase()], THERE, NOW)

    address = urlsplit(request.url)
    assert (address.netloc, address.path) == ("tr.snapchat.com", "/v3/0f7b1d3e-9f5c-4f47/events")
    assert parse_qs(address.query) == {"access_token": [TOKEN]}
    assert loads(request.body) == {
        "data": [
            {
                "event_name": "PURCHASE",
                "event_time": UNIX,
                "event_id": "2025010100001111:purchase_completed",
                "action_source": "WEB",
                "event_source_url": "https://shop.example/thanks",
                "user_data": {
                    "em": [sha("a.nn@gmail.com")],
                    "ph": [sha("12025550123")],
                    "fn": [sha("zoë")],
                    "ln": [sha("obrien")],
                    "ct": [sha("newyork")],
                    "st": [sha("ny")],
                    "zp": [sha("10001")],
                    "country": [sha("us")],
                    "external_id": [sha("Cust-17")],
                    "client_ip_address": "203.0.113.7",
                    "client_user_agent": "Mozilla/5.0",
                    "sc_click_id": "8b9e5e5c-41bb",
                },
                "custom_data": {
                    "value": "80.79",
                    "currency": "USD",
                    "order_id": "2025010100001111",
                    "contents": [
                        {"id": "kit-1", "quantity": "2", "item_price": "30.40"},
                        {"id": "b", "quantity": "1"},
                    ],
                },
            }
        ]
    }


def test_event_without_a_page_is_offline() -> None:
    event = purchase(private={}, consent={"limited_data_use": True})

    (sent,) = json.loads(snapchat.compose([event], THERE, NOW).body)["data"]

    assert sent["action_source"] == "OFFLINE"
    assert sent["data_processing_options"] == ["LDU"]


def test_trial_only_validates() -> None:
    assert urlsplit(snapchat.test_request(THERE, NOW).url).path.endswith("/events/validate")


@pytest.mark.parametrize(
    ("known", "reason"), [("em", None), ("ph", None), ("external_id", "no_user_identifiers")]
)
def test_email_or_phone_is_needed(known: str, reason: str | None) -> None:
    assert snapchat.skip_reason(nobody(match_keys={known: sha("x")}), THERE) == reason


@pytest.mark.parametrize("status", ["VALID", "SUCCESS", "Valid"])
def test_status_in_the_body_is_delivered(status: str) -> None:
    assert answered(200, {"status": status}).kind == Kind.DELIVERED


def test_other_status_is_a_refusal_with_200_too() -> None:
    verdict = answered(200, {"status": "INVALID", "reason": "event_time is too old"})

    assert verdict[:3] == (Kind.HALVE, "INVALID", "event_time is too old")
    assert answered(200, {"status": "INVALID"}, count=1).kind == Kind.EVENT_REFUSED


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Kind.HALVE),
        (401, Kind.CONFIGURATION_REFUSED),
        (429, Kind.OVERLOAD),
        (500, Kind.OUTAGE),
    ],
)
def test_reason_of_a_refusal_is_kept(status: int, kind: Kind) -> None:
    verdict = answered(status, {"status": "FAILED", "reason": "said"})

    assert (verdict.kind, verdict.words) == (kind, "said")


@pytest.mark.parametrize("body", [{}, {"status": 1}, []])
def test_no_status_is_an_outage(body: object) -> None:
    assert answered(200, body).kind == Kind.OUTAGE
