"""Golden cases of Pinterest's Conversions API v5.

https://github.com/pinterest/api-description/blob/main/v5/openapi.json (events/create)
https://developers.pinterest.com/docs/conversions/event/
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.relay.delivery.adapters import pinterest
from chalicelib.relay.delivery.shapes import Answer, EventVerdict, Kind
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

THERE = destination("pinterest")
PROCESSED = {"status": "processed", "error_message": "", "warning_message": ""}
FAILED = {"status": "failed", "error_message": "event_time is too old"}


def answered(status: int, body: object, count: int = 2) -> Any:
    return pinterest.judge(Answer(status=status, body=json.dumps(body).encode()), count, NOW)


def test_request_is_golden() -> None:
    request = pinterest.compose([purchase(consent={"limited_data_use": True})], THERE, NOW)

    assert request.url == "https://api.pinterest.com/v5/ad_accounts/549755885175/events"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert loads(request.body) == {
        "data": [
            {
                "event_name": "checkout",
                "action_source": "web",
                "event_time": UNIX,
                "event_id": "2025010100001111:purchase_completed",
                "event_source_url": "https://shop.example/thanks",
                "user_data": {
                    "em": [sha("a.nn@gmail.com")],
                    "ph": [sha("12025550123")],
                    "ln": [sha("obrien")],
                    "fn": [sha("zoë")],
                    "ct": [sha("newyork")],
                    "st": [sha("ny")],
                    "zp": [sha("10001")],
                    "country": [sha("us")],
                    "external_id": [sha("Cust-17")],
                    "client_ip_address": "203.0.113.7",
                    "client_user_agent": "Mozilla/5.0",
                    "click_id": "dj0yJnU9",
                },
                "custom_data": {
                    "value": "80.79",
                    "currency": "USD",
                    "order_id": "2025010100001111",
                    "content_ids": ["kit-1", "b"],
                    "contents": [
                        {"id": "kit-1", "item_name": "Kit", "quantity": 2, "item_price": "30.40"},
                        {"id": "b"},
                    ],
                    "num_items": 3,
                    "opt_out_type": "LDP",
                },
            }
        ]
    }


def test_trial_is_marked_as_a_test() -> None:
    assert pinterest.test_request(THERE, NOW).url.endswith("/events?test=true")


def test_phone_alone_is_nobody() -> None:
    assert pinterest.skip_reason(nobody(match_keys={"ph": sha("1")}), THERE) == (
        "no_user_identifiers"
    )


@pytest.mark.parametrize("status", [200, 422])
def test_events_are_believed_one_by_one(status: int) -> None:
    body = {"num_events_received": 2, "num_events_processed": 1, "events": [PROCESSED, FAILED]}

    verdict = answered(status, body)

    assert verdict.kind == Kind.EACH
    assert verdict.events == (
        EventVerdict(delivered=True),
        EventVerdict(delivered=False, words="event_time is too old"),
    )


def test_details_of_a_422_are_read() -> None:
    body = {"code": 1, "message": "some failed", "details": {"events": [FAILED, PROCESSED]}}

    assert [event.delivered for event in answered(422, body).events] == [False, True]


def test_all_processed_is_delivered() -> None:
    assert answered(200, {"events": [PROCESSED, PROCESSED]}).kind == Kind.DELIVERED
    assert answered(200, {"num_events_processed": 2}).kind == Kind.DELIVERED


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"events": [PROCESSED]}, Kind.HALVE),
        (422, {"code": 1, "message": "m", "details": {}}, Kind.HALVE),
        (400, {"code": 4196, "message": "The request was invalid."}, Kind.HALVE),
        (401, {"code": 2, "message": "Authentication failed."}, Kind.CONFIGURATION_REFUSED),
        (403, {"code": 29, "message": "not permitted"}, Kind.CONFIGURATION_REFUSED),
        (429, {"code": 8, "message": "exceeded a rate limit"}, Kind.OVERLOAD),
        (503, {"code": 4197, "message": "ramped down"}, Kind.OUTAGE),
    ],
)
def test_other_answers_count_by_status(status: int, body: dict[str, Any], kind: Kind) -> None:
    verdict = answered(status, body)

    assert verdict.kind == kind
    assert verdict.words == body.get("message", verdict.words)
    assert verdict.code == str(body.get("code", status))
