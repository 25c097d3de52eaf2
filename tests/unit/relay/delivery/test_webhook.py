"""Golden cases of Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The other side is the `standardwebhooks` package. It looks at the clock, so some requests are of now.
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from chalicelib.relay.delivery.adapters import webhook
from chalicelib.relay.delivery.shapes import Answer, Destination, Kind, Request
from chalicelib.relay.values.json_text import loads
from tests.support.marketing_events import NOW, THEN, WEBHOOK_SECRET, destination, purchase, sha

SECOND_SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="


def sent(now: datetime, **credentials: str) -> Request:
    there = replace(destination("webhook"), credentials={"secret": WEBHOOK_SECRET, **credentials})
    return webhook.compose([purchase()], there, now)


def verified(request: Request, secret: str) -> object:
    return Webhook(secret).verify(request.body, dict(request.headers))


def test_receiver_verifies_the_signature() -> None:
    request = sent(datetime.now(UTC))

    assert verified(request, WEBHOOK_SECRET) == json.loads(request.body)
    with pytest.raises(WebhookVerificationError):
        verified(request, SECOND_SECRET)
    with pytest.raises(WebhookVerificationError):
        verified(replace(request, body=request.body + b" "), WEBHOOK_SECRET)


def test_both_secrets_sign_for_a_day() -> None:
    now = datetime.now(UTC)
    there = destination("webhook")
    changed = replace(there, credentials=webhook.new_credentials(there.credentials, now))

    request = webhook.compose([purchase()], changed, now)
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    verified(request, WEBHOOK_SECRET)
    verified(request, changed.credentials["secret"])

    later = webhook.compose([purchase()], changed, now + timedelta(hours=24))
    assert len(later.headers["webhook-signature"].split(" ")) == 1


def test_secret_is_made_by_us() -> None:
    made = {webhook.new_credentials(None, NOW)["secret"] for _ in range(10)}

    assert len(made) == 10
    assert all(24 <= len(b64decode(secret.removeprefix("whsec_"))) <= 64 for secret in made)
    assert all(webhook.CREDENTIALS["secret"].check(secret) is None for secret in made)


def test_id_is_the_same_in_every_try() -> None:
    first, second = sent(NOW), sent(NOW + timedelta(hours=1))

    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "msg_4711_17"
    assert first.headers["webhook-timestamp"] == "1795694400"
    assert second.headers["webhook-timestamp"] == "1795698000"
    assert first.body == second.body
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_request_is_golden() -> None:
    request = sent(NOW)

    assert request.url == "https://hooks.example/in"
    body = loads(request.body)
    user = body["data"].pop("user")
    assert user["em"] == sha("a.nn@gmail.com")
    assert all(len(value) == 64 for value in user.values())
    assert body == loads(
        """{
        "type": "purchase_completed",
        "timestamp": "2026-11-26T11:30:00.250000Z",
        "data": {
            "id": "2025010100001111:purchase_completed",
            "event_id": "2025010100001111",
            "order_id": "2025010100001111",
            "event_type": "purchase_completed",
            "event_time": "2026-11-26T11:30:00.250000Z",
            "value": 80.79,
            "currency": "USD",
            "contents": [{"id": "kit-1", "name": "Kit", "quantity": 2, "price": 30.40}, {"id": "b"}],
            "extra": {"t-value": "x", "utm_source": "news", "utm_campaign": "fall",
                      "session_id": "s-1"}
        }}"""
    )
    assert b'"value":80.79' in request.body
    assert THEN < NOW


def test_receivers_name_may_differ() -> None:
    there = destination("webhook", event_map={"purchase_completed": "order.paid"})

    body = json.loads(webhook.compose([purchase()], there, NOW).body)

    assert body["type"] == "order.paid"
    assert body["data"]["event_type"] == "purchase_completed"


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (200, Kind.DELIVERED, None),
        (204, Kind.DELIVERED, None),
        (400, Kind.EVENT_REFUSED, None),
        (413, Kind.EVENT_REFUSED, None),
        (422, Kind.EVENT_REFUSED, None),
        (307, Kind.CONFIGURATION_REFUSED, "address"),
        (405, Kind.CONFIGURATION_REFUSED, "address"),
        (410, Kind.CONFIGURATION_REFUSED, "gone"),
        (408, Kind.OVERLOAD, None),
        (425, Kind.OVERLOAD, None),
        (502, Kind.OUTAGE, None),
    ],
)
def test_status_says_all(status: int, kind: Kind, reason: str | None) -> None:
    verdict = webhook.judge(Answer(status=status, body=b"whatever"), 1, NOW)

    assert (verdict.kind, verdict.reason) == (kind, reason)


def test_trial_is_signed_too() -> None:
    now = datetime.now(UTC)
    request = webhook.test_request(destination("webhook"), now)

    body = verified(request, WEBHOOK_SECRET)

    assert isinstance(body, dict)
    assert body["type"] == "relay.test"


def test_account_is_the_address() -> None:
    there = Destination(
        id="1", adapter="webhook", settings={"url": "https://hooks.example/in?key=s3cret"}
    )

    assert webhook.account(there) == webhook.account(destination("webhook"))
