"""Golden cases of a server-side container's Measurement Protocol client.

https://developers.google.com/tag-platform/tag-manager/server-side/common-event-data
https://www.simoahava.com/gtmtips/preview-server-side-google-tag-manager/
"""

from __future__ import annotations

import pytest

from chalicelib.relay.delivery.adapters import sgtm
from chalicelib.relay.delivery.shapes import Answer, Kind
from chalicelib.relay.values.json_text import loads
from tests.support.marketing_events import NOW, UNIX, destination, purchase, sha

THERE = destination("sgtm")


def test_request_is_golden() -> None:
    event = purchase(consent={"ad_storage": "denied", "ad_user_data": "granted"})

    request = sgtm.compose([event], THERE, NOW)

    assert request.url == "https://tags.shop.example/mp/collect?measurement_id=G-ABC123DEF4"
    body = loads(request.body)
    (sent,) = body.pop("events")
    assert body["client_id"] == "1234567890.1700000000"
    assert body["user_data"]["sha256_email_address"] == [sha("ann@gmail.com")]
    assert sent["name"] == "purchase"
    assert sent["timestamp_micros"] == UNIX * 1_000_000 + 250_000
    params = sent["params"]
    assert params["event_id"] == "2025010100001111:purchase_completed"
    assert params["t-value"] == "x"
    assert params["utm_source"] == params["source"] == "news"
    assert params["ip_override"] == "203.0.113.7"
    assert params["user_agent"] == "Mozilla/5.0"
    assert params["page_location"] == "https://shop.example/thanks"
    assert params["consent"] == {"ad_storage": "denied", "ad_user_data": "granted"}
    assert b'"value":80.79' in request.body


def test_senders_keys_never_replace_ours() -> None:
    event = purchase(extra={"event_id": "other", "value": 1, "ip_override": "9.9.9.9", "kept": [1]})

    params = loads(sgtm.compose([event], THERE, NOW).body)["events"][0]["params"]

    assert params["event_id"] == "2025010100001111:purchase_completed"
    assert params["ip_override"] == "203.0.113.7"
    assert str(params["value"]) == "80.79"
    assert params["kept"] == [1]


def test_path_is_a_setting() -> None:
    there = destination("sgtm", sgtm_url="https://tags.shop.example/", path="/collect/oms")

    assert sgtm.compose([purchase()], there, NOW).url.startswith(
        "https://tags.shop.example/collect/oms?"
    )


def test_preview_header_makes_it_a_test() -> None:
    request = sgtm.test_request(destination("sgtm", test_event_code="ZW52LTV8"), NOW)

    assert request.headers["X-Gtm-Server-Preview"] == "ZW52LTV8"
    assert "ZW52LTV8" in request.secrets
    assert "X-Gtm-Server-Preview" not in sgtm.compose([purchase()], THERE, NOW).headers


@pytest.mark.parametrize("status", [400, 404, 422])
def test_unclaimed_path_blocks_the_lane(status: int) -> None:
    verdict = sgtm.judge(Answer(status=status, body=b"Bad Request"), 5, NOW)

    assert (verdict.kind, verdict.reason) == (Kind.CONFIGURATION_REFUSED, "address")
