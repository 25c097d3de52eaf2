"""What operators see of a bank that is called, and how the keys of its secret are rotated."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib.banking import wiring
from chalicelib.banking.broker.queue_gauges import queue_gauges
from chalicelib.banking.events.life import NOT_CALLED
from chalicelib.banking.overview import read_overview
from chalicelib.banking.webhooks.gauges import webhook_gauges
from chalicelib.banking.wiring import Parts
from fintegrate.access.key_ring import new_key
from tests.integration.banking.overview.written import write_event
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
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


def test_outage_is_the_banks_one_entry(webhook: Called, admin: Api, query: Query) -> None:
    """Its events wait longer than a broker's may, and its queue has messages that nobody reads."""
    bank = webhook.bank
    query(
        "INSERT INTO queue_observations VALUES (%(id)s, true, 90000, 0, 0, now())",
        id=bank.consumer_id,
    )
    webhook.receiver.answer = lambda _got: 401
    write_event(query, bank.consumer_id, datetime.now(UTC) - timedelta(hours=1))
    deliver()

    told = attention(admin, bank.consumer_id)
    (own,) = attention(bank.api, None)

    assert [entry["condition"] for entry in told] == ["webhook_blocked"]
    assert (told[0]["side"], told[0]["heals"]) == ("bank", False)
    assert (own["heals"], own["healing"][:15]) == (False, "let your server")


def test_refused_event_is_told_apart(
    webhook: Called, environment: dict[str, str], admin: Api, query: Query
) -> None:
    webhook.receiver.answer = lambda _got: 422
    write_event(query, webhook.bank.consumer_id, datetime.now(UTC) - timedelta(minutes=11))
    with parts_with(environment, WEBHOOK_RETRY_SECONDS="0,600") as parts:
        parts.webhooks().run()
        parts.webhooks().close()
        (entry,) = attention(admin, webhook.bank.consumer_id)
        shown = {each.name: each.values for each in webhook_gauges(parts.request.database, 9)}

    assert (entry["condition"], entry["count"]) == ("webhook_refuses", 1)
    assert shown["fintegrate_webhook_refused_customers"] == {(webhook.bank.name,): 1.0}


@pytest.mark.parametrize("age_seconds", [0, 1_680])
def test_lane_names_what_calls_the_bank(webhook: Called, query: Query, age_seconds: float) -> None:
    """No request publishes to its queue, and no resend: a webhook takes up young and old events."""
    bank = webhook.bank
    write_pending(query, bank.consumer_id, events_each=2, age_seconds=age_seconds)
    query("UPDATE customer_events SET publish_failure_reason = NULL")
    rows = query("SELECT * FROM customer_events WHERE consumer_id = %(id)s", id=bank.consumer_id)
    (customer,) = {str(row["customer_id"]) for row in rows}

    lane = bank.api.get("/events/lane", customer_id=customer).data

    assert lane["held_reason"] == NOT_CALLED


def test_refused_copy_is_told(webhook: Called, admin: Api, query: Query) -> None:
    """A rewind's copy holds back its customer as a refused event does, since it was handed over."""
    ago, handed_over = (datetime.now(UTC) - timedelta(minutes=age) for age in (9_000, 11))
    event_id = write_event(query, webhook.bank.consumer_id, ago, published_at=ago)
    query(
        "UPDATE customer_events SET publish_last_tried_at = %(at)s WHERE event_id = %(id)s",
        at=handed_over,
        id=event_id,
    )
    query(
        "INSERT INTO webhook_copies"
        " (event_id, consumer_id, customer_id, sequence, due_at, by, goes_first, tries)"
        " SELECT event_id, consumer_id, customer_id, 1, now() + interval '1 hour', 'rewind', true, 1"
        " FROM customer_events WHERE event_id = %(id)s",
        id=event_id,
    )

    told = {entry["condition"]: entry for entry in attention(admin, webhook.bank.consumer_id)}

    assert told["webhook_refuses"]["count"] == 1
    assert "11 minutes" in told["webhook_refuses"]["sentence"]


def test_queue_of_a_called_bank_counts_nothing(
    webhook: Called, make_bank: Callable[[], Bank], query: Query, parts: Parts
) -> None:
    reads = make_bank()
    for bank in (webhook.bank, reads):
        query(
            "INSERT INTO queue_observations (consumer_id, present, ready, unacknowledged, consumers,"
            " observed_at, dead_letters) VALUES (%(id)s, true, 7, 0, 0, now(), 2)",
            id=bank.consumer_id,
        )

    shown = {each.name: each.values for each in queue_gauges(parts.request.database, 60, 10)}

    assert shown["fintegrate_queue_messages"] == {(reads.name,): 7}
    assert shown["fintegrate_queue_readers"] == {(reads.name,): 0}
    assert shown["fintegrate_dead_letter_queue_messages"][webhook.bank.name,] == 2


def test_integration_of_a_called_bank(webhook: Called) -> None:
    api = webhook.bank.api
    before = api.get("/consumer/integration").data
    webhook.bank.create_customer()
    deliver()
    taken = api.get("/consumer/integration").data
    webhook.receiver.answer = lambda _got: 401
    webhook.bank.create_customer()
    deliver()
    refused = api.get("/consumer/integration").data

    assert done(before) == {
        "webhook": True,
        "connected": None,
        "received": False,
        "processed": False,
    }
    assert (before["delivery"], before["webhook"]["url"]) == ("webhook", webhook.receiver.url)
    assert (taken["readers"], done(taken)["connected"], done(taken)["received"]) == (
        None,
        True,
        True,
    )
    assert (refused["webhook"]["state"], done(refused)["connected"]) == ("blocked", False)
    assert "credential" in refused["steps"][1]["sentence"]
    assert refused["webhook"]["next_try_at"] > refused["webhook"]["since"]
    known = api.get("/consumer/delivery", consumer_id=webhook.bank.consumer_id).data
    assert refused["webhook"].items() <= known.items()


def attention(api: Api, consumer_id: str | None) -> list[dict[str, Any]]:
    """What needs somebody, but for the ledger, which nobody has counted here."""
    read_overview.ANSWERS.clear()
    wanted = {"consumer_id": consumer_id} if consumer_id else {}
    entries = api.get("/overview", **wanted).data["attention"]
    return [entry for entry in entries if entry["condition"] != "not_reconciled"]


def done(integration: dict[str, Any]) -> dict[str, bool | None]:
    return {step["step"]: step["done"] for step in integration["steps"]}


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
