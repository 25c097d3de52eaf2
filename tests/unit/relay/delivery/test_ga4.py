"""Golden cases of GA4's Measurement Protocol.

https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events
https://developers.google.com/analytics/devguides/collection/ga4/uid-data
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.delivery.adapters import ga4, sgtm
from chalicelib.relay.delivery.names import is_ga4_name
from chalicelib.relay.delivery.shapes import Answer, Event, Kind
from chalicelib.relay.values.contents import contents_of
from chalicelib.relay.values.json_text import loads
from chalicelib.relay.values.match_keys import user_data
from tests.support.marketing_events import (
    NOW,
    TOKEN,
    UNIX,
    destination,
    events,
    nobody,
    purchase,
    sha,
)

THERE = destination("ga4")


def body_of(*given_events: Event) -> Any:
    return loads(ga4.compose(given_events, THERE, NOW).body)


def test_request_is_golden() -> None:
    request = ga4.compose([purchase(consent={"ad_user_data": "granted"})], THERE, NOW)

    assert request.url.startswith("https://www.google-analytics.com/mp/collect?")
    assert parse_qs(urlsplit(request.url).query) == {
        "measurement_id": ["G-ABC123DEF4"],
        "api_secret": [TOKEN],
    }
    body = loads(request.body)
    (event,) = body.pop("events")
    session = event["params"].pop("session_id")
    assert re.fullmatch(r"\d{1,10}", session)
    assert body == {
        "client_id": "1234567890.1700000000",
        "user_id": sha("Cust-17"),
        "consent": {"ad_user_data": "GRANTED"},
        "user_data": {
            "sha256_email_address": [sha("ann@gmail.com")],
            "sha256_phone_number": [sha("+12025550123")],
            "address": [{"sha256_first_name": sha("zoë"), "sha256_last_name": sha("obrien")}],
        },
    }
    assert event == loads(
        f"""{{"name": "purchase", "timestamp_micros": {UNIX}250000, "params": {{
            "engagement_time_msec": 1, "transaction_id": "2025010100001111", "value": 80.79,
            "currency": "USD", "campaign": "fall", "source": "news",
            "items": [{{"item_id": "kit-1", "item_name": "Kit", "quantity": 2, "price": 30.40}},
                      {{"item_id": "b"}}]}}}}"""
    )


def test_one_person_stays_one_client() -> None:
    keys = user_data({"email": "ann@example.com"}, "US").keys
    first, second = nobody(match_keys=keys), nobody(match_keys=keys, order_id="2")

    assert body_of(first)["client_id"] == body_of(second)["client_id"]
    assert re.fullmatch(r"\d{1,10}\.\d{1,10}", body_of(first)["client_id"])
    assert body_of(nobody())["client_id"] != body_of(nobody(order_id="2"))["client_id"]
    assert body_of(nobody())["client_id"] == body_of(nobody(id=5))["client_id"]


def test_session_of_digits_stays() -> None:
    (event,) = body_of(nobody(extra={"session_id": 1700000000}))["events"]

    assert event["params"]["session_id"] == "1700000000"


def test_refused_user_data_stays_away() -> None:
    body = body_of(purchase(consent={"ad_user_data": "denied", "ad_personalization": "denied"}))

    assert "user_data" not in body
    assert body["consent"] == {"ad_user_data": "DENIED", "ad_personalization": "DENIED"}


def test_events_of_one_client_share_a_request() -> None:
    ann = [nobody(id=n, private={"ga_client_id": "1.1"}) for n in range(60)]
    bob = [nobody(id=n, private={"ga_client_id": "2.2"}) for n in range(60, 63)]
    mixed = [*ann[:30], *bob, *ann[30:]]

    groups = ga4.group(mixed, THERE)

    assert sorted(len(group) for group in groups) == [3, 10, 25, 25]
    assert all(len({event.private["ga_client_id"] for event in group}) == 1 for group in groups)


def test_another_consent_is_another_request() -> None:
    same = {"private": {"ga_client_id": "1.1"}}
    agreed = nobody(consent={"ad_user_data": "granted"}, **same)

    assert len(ga4.group([nobody(**same), agreed, nobody(**same)], THERE)) == 2


def test_large_events_are_parted() -> None:
    items, _ = contents_of([{"id": f"{n}", "name": "💊" * 100} for n in range(150)], "USD")
    large = [nobody(id=n, private={"ga_client_id": "1.1"}, contents=items) for n in range(6)]

    groups = ga4.group(large, THERE)

    assert len(groups) > 1
    for group in groups:
        assert len(ga4.compose(group, THERE, NOW).body) <= ga4.MOST_BYTES


@given(st.lists(events(), min_size=1, max_size=4))
def test_requests_are_within_googles_limits(given_events: list[Event]) -> None:
    for adapter, there in ((ga4, THERE), (sgtm, destination("sgtm"))):
        for group in adapter.group(given_events, there):
            request = adapter.compose(group, there, NOW)
            assert len(request.body) <= ga4.MOST_BYTES
            assert len(group) <= 25
    for event in given_events:
        within_limits(json.loads(ga4.compose([event], THERE, NOW).body))


def within_limits(body: dict[str, Any]) -> None:
    assert set(body) <= {"client_id", "user_id", "consent", "user_data", "events"}
    for event in body["events"]:
        params = event["params"]
        assert is_ga4_name(event["name"])
        assert len(params) <= ga4.MOST_PARAMS
        assert re.fullmatch(r"\d+", params["session_id"])
        assert params["engagement_time_msec"] == 1
        assert None not in params.values()
        for name, value in params.items():
            assert isinstance(value, list) is (name == "items")
            assert not isinstance(value, str) or len(value) <= 100
        for item in params.get("items", []):
            assert item.keys() & {"item_id", "item_name"}
            assert all(len(value) <= 100 for value in item.values() if isinstance(value, str))


@pytest.mark.parametrize("status", [200, 202, 204])
def test_taken_is_delivered(status: int) -> None:
    assert ga4.judge(Answer(status=status), 25, NOW).kind == Kind.DELIVERED


def test_debug_address_says_what_is_wrong() -> None:
    trial = ga4.test_request(THERE, NOW)
    message = {"description": "Unable to parse", "validationCode": "VALUE_INVALID"}
    refused = Answer(status=200, body=json.dumps({"validationMessages": [message]}).encode())

    verdict = ga4.judge(refused, 1, NOW)

    assert urlsplit(trial.url).path == "/debug/mp/collect"
    assert verdict[:3] == (Kind.EVENT_REFUSED, "VALUE_INVALID", "Unable to parse")
    assert ga4.judge(Answer(status=200, body=b'{"validationMessages": []}'), 1, NOW).kind == (
        Kind.DELIVERED
    )
