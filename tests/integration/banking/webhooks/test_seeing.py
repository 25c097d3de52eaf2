"""What operators see of a bank that is called, and how the keys of its secret are rotated."""

from __future__ import annotations

import json
from typing import Any

from standardwebhooks.webhooks import Webhook

from chalicelib.banking import wiring
from chalicelib.banking.webhooks.gauges import webhook_gauges
from chalicelib.banking.wiring import Parts
from fintegrate.access.key_ring import new_key
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.api import Api
from tests.support.banking import parts_with
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.webhooks import Called


def test_gauges_show_how_a_server_does(webhook: Called, parts: Parts, query: Query) -> None:
    webhook.receiver.answer = lambda _got: 401
    write_pending(query, webhook.bank.consumer_id)
    deliver()

    shown = {each.name: each.values for each in webhook_gauges(parts.request.database, 10)}

    name = webhook.bank.name
    assert shown["fintegrate_webhook_lane_state"][name, "blocked"] == 1
    assert shown["fintegrate_webhook_lane_state"][name, "open"] == 0
    assert shown["fintegrate_webhook_not_open_seconds"][name,] > 0


def test_secrets_outlive_the_key_that_writes(
    webhook: Called, environment: dict[str, str], admin: Api
) -> None:
    """A new key is for new secrets. Once a bank's former one has ended, the old key may go."""
    ring = {"k2": new_key(), **json.loads(environment["WEBHOOK_KEYS"])}
    bank = {"consumer_id": webhook.bank.consumer_id}

    def delivered() -> Any:
        webhook.receiver.got.clear()
        webhook.bank.create_customer()
        with parts_with(environment, WEBHOOK_KEYS=json.dumps(ring)) as parts:
            parts.webhooks().run()
            parts.webhooks().close()
        return webhook.receiver.got[0]

    before = delivered()
    Webhook(webhook.secret).verify(before.body, dict(before.headers))
    with parts_with(environment, WEBHOOK_KEYS=json.dumps(ring)):
        secret = admin.post("/consumer/delivery/rotate", **bank).data["secret"]
    both = delivered()
    for each in (webhook.secret, secret):
        Webhook(each).verify(both.body, dict(both.headers))


def test_missing_key_stops_the_lane(
    webhook: Called, environment: dict[str, str], query: Query, admin: Api
) -> None:
    webhook.bank.create_customer()
    other = json.dumps({"k9": new_key()})
    with parts_with(environment, WEBHOOK_KEYS=other):
        wiring.parts().webhooks().run()

    lane = admin.get("/consumer/delivery", consumer_id=webhook.bank.consumer_id).data
    assert (lane["state"], webhook.receiver.got) == ("blocked", [])
    assert "k1" in lane["reason"]
    query("UPDATE webhooks SET open_until = now()")
    assert deliver() == {"delivered": 1}


def test_events_life_names_the_webhook(webhook: Called, query: Query) -> None:
    refused = iter([422, 200, 200])
    webhook.receiver.answer = lambda _got: next(refused)
    webhook.bank.create_customer()
    deliver()
    query("UPDATE webhook_copies SET due_at = now()")
    deliver()

    event_id = webhook.receiver.got[0].headers["webhook-id"]
    life = webhook.bank.api.get("/events/data", event_id=event_id)

    assert life.status == 200, life
    told = [(step["step"], step["by"], step["outcome"]) for step in life.data["timeline"]]
    assert ("publish_attempt", "webhook", "refused") in told
    assert ("published", "webhook", "confirmed") in told
    assert ("redelivered", "webhook", "confirmed") in told
    assert "broker" not in str(life.data["timeline"])
