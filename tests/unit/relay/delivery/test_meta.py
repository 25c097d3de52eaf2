"""Golden cases of Meta's Conversions API.

https://developers.facebook.com/docs/marketing-api/conversions-api/using-the-api
https://developers.facebook.com/docs/marketing-api/conversions-api/parameters
https://developers.facebook.com/docs/graph-api/guides/error-handling
https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.relay.delivery.adapters import meta
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

THERE = destination("meta")


def answered(status: int, body: object, count: int = 3, **headers: str) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return meta.judge(Answer(status=status, headers=headers, body=text), count, NOW)


def error(code: int, subcode: int | None = None, **fields: Any) -> dict[str, Any]:
    named = {"error_subcode": subcode} if subcode else {}
    return {"error": {"message": "(#x) said", "code": code, **named, **fields}}


def test_request_is_golden() -> None:
    request = meta.compose([purchase()], THERE, NOW)

    assert request.url == "https://graph.facebook.com/v25.0/123456789/events"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert loads(request.body) == {
        "data": [
            {
                "event_name": "Purchase",
                "event_time": UNIX,
                "event_id": "2025010100001111:purchase_completed",
                "action_source": "website",
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
                    "fbc": "fb.1.1554763741205.AbCdEf",
                    "fbp": "fb.1.1596403881668.1116446470",
                },
                "custom_data": loads(
                    """{"currency": "USD", "value": 80.79, "order_id": "2025010100001111",
                    "content_type": "product", "content_ids": ["kit-1", "b"],
                    "contents": [{"id": "kit-1", "quantity": 2, "item_price": 30.40},
                                 {"id": "b", "quantity": 1}], "num_items": 3}"""
                ),
            }
        ]
    }
    assert b'"value":80.79,' in request.body


def test_event_without_a_page_is_the_systems() -> None:
    event = purchase(private={"ip_address": "203.0.113.7", "url": "https://shop.example/"})

    (sent,) = loads(meta.compose([event], THERE, NOW).body)["data"]

    assert sent["action_source"] == "system_generated"
    assert "event_source_url" not in sent


def test_limited_data_use_is_told() -> None:
    event = purchase(consent={"limited_data_use": True})

    (sent,) = loads(meta.compose([event], THERE, NOW).body)["data"]

    assert sent["data_processing_options"] == ["LDU"]
    assert (sent["data_processing_options_country"], sent["data_processing_options_state"]) == (
        0,
        0,
    )


def test_version_and_test_code_are_settings() -> None:
    there = destination("meta", api_version="v26.0", test_event_code="TEST123")

    request = meta.compose([purchase()], there, NOW)

    assert "/v26.0/" in request.url
    assert json.loads(request.body)["test_event_code"] == "TEST123"


@pytest.mark.parametrize("missing", ["value", "currency"])
def test_purchase_without_money_is_skipped(missing: str) -> None:
    assert meta.skip_reason(purchase(**{missing: None}), THERE) == "missing_field"


@pytest.mark.parametrize("known", ["em", "ph", "external_id"])
def test_one_hash_is_enough(known: str) -> None:
    assert meta.skip_reason(nobody(match_keys={known: sha("x")}), THERE) is None


def test_city_alone_is_nobody() -> None:
    assert meta.skip_reason(nobody(match_keys={"ct": sha("x")}), THERE) == "no_user_identifiers"


def test_count_that_agrees_is_delivered() -> None:
    taken = {"events_received": 3, "messages": [], "fbtrace_id": "AbC"}

    assert answered(200, taken).kind == Kind.DELIVERED
    assert answered(200, {**taken, "events_received": 2}).kind == Kind.HALVE
    assert answered(200, {**taken, "events_received": 0}, count=1).kind == Kind.EVENT_REFUSED


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (error(100, 2804003), Kind.HALVE, None),
        (error(100), Kind.HALVE, None),
        (error(100, 33), Kind.CONFIGURATION_REFUSED, "account"),
        (error(368), Kind.CONFIGURATION_REFUSED, "account"),
        (error(190, 463), Kind.CONFIGURATION_REFUSED, "credential"),
        (error(102), Kind.CONFIGURATION_REFUSED, "credential"),
        (error(10), Kind.CONFIGURATION_REFUSED, "permission"),
        (error(200), Kind.CONFIGURATION_REFUSED, "permission"),
        (error(299), Kind.CONFIGURATION_REFUSED, "permission"),
        (error(803), Kind.CONFIGURATION_REFUSED, "permission"),
        (error(4, is_transient=True), Kind.OVERLOAD, None),
        (error(17), Kind.OVERLOAD, None),
        (error(32), Kind.OVERLOAD, None),
        (error(341), Kind.OVERLOAD, None),
        (error(613), Kind.OVERLOAD, None),
        (error(80000), Kind.OVERLOAD, None),
        (error(80014), Kind.OVERLOAD, None),
        (error(1), Kind.OUTAGE, None),
        (error(2), Kind.OUTAGE, None),
        (error(9999, is_transient=True), Kind.OUTAGE, None),
    ],
)
def test_error_code_decides(body: dict[str, Any], kind: Kind, reason: str | None) -> None:
    verdict = answered(400, body)

    assert (verdict.kind, verdict.reason, verdict.unclassified) == (kind, reason, False)
    assert verdict.words == "(#x) said"


def test_single_event_is_refused_with_words() -> None:
    body = error(100, 2804003, error_user_msg="Event Timestamp Too Old")

    verdict = answered(400, body, count=1)

    assert verdict[:3] == (Kind.EVENT_REFUSED, "100/2804003", "Event Timestamp Too Old")


def test_unknown_code_counts_by_its_status() -> None:
    assert answered(400, error(80015)).unclassified
    assert answered(400, error(80015)).kind == Kind.HALVE
    assert answered(500, error(80015)).kind == Kind.OUTAGE
    assert answered(400, {"error": {"code": ["x"], "error_subcode": {}}}).unclassified


@pytest.mark.parametrize(
    ("usage", "wait"),
    [
        ('{"1": [{"type": "ads_management", "estimated_time_to_regain_access": 19}]}', 19 * 60),
        ('{"1": [], "2": [{"estimated_time_to_regain_access": 5}]}', 300),
        ('{"1": [{"estimated_time_to_regain_access": 9999999}]}', 86_400),
        ('{"1": [{"estimated_time_to_regain_access": 0}]}', None),
        ('{"1": [{}]}', None),
        ('{"1": [{"estimated_time_to_regain_access": 1e999}]}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_wait_is_told_in_minutes(usage: str, wait: int | None) -> None:
    verdict = answered(400, error(80004), **{"x-business-use-case-usage": usage})

    assert (verdict.kind, verdict.wait) == (Kind.OVERLOAD, wait)


def test_thousand_events_fit() -> None:
    groups = meta.group([nobody(id=number) for number in range(2500)], THERE)

    assert [len(group) for group in groups] == [1000, 1000, 500]
