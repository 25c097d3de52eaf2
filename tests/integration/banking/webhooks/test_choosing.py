"""The admin chooses how a bank gets its events; the secret is shown once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook
from xmlschema import XMLSchema10

from chalicelib.banking import wiring
from local.banking.client import Reply
from local.banking.consumer.xml_messages import read_fields
from local.banking.documents.message_xsd import messages_xsd
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.receiver import Receiver
from tests.support.webhooks import Called


def choose(admin: Api, bank: Bank, **fields: object) -> Reply:
    return admin.post("/consumer/delivery", consumer_id=bank.consumer_id, **fields)


def ask_test(admin: Api, bank: Bank) -> Reply:
    """Ask for a test event, while the function that calls banks runs as often as it is nudged."""
    answered = threading.Event()

    def ask() -> Reply:
        try:
            return admin.post("/consumer/delivery/test", consumer_id=bank.consumer_id)
        finally:
            answered.set()

    def run() -> Reply | None:
        while not answered.is_set():
            deliver()
        return None

    reply, _ = together([ask, run])
    assert reply is not None
    return reply


def test_secret_is_shown_once(
    webhook: Called, admin: Api, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook.bank.create_customer()
    deliver()
    read = admin.get("/consumer/delivery", consumer_id=webhook.bank.consumer_id)
    again = choose(
        admin, webhook.bank, delivery="webhook", url=webhook.receiver.url, max_in_flight=3
    )

    assert again.data["secret"] is None
    assert (read.data["delivery"], read.data["state"]) == ("webhook", "open")
    assert read.data["max_in_flight"] == 10
    assert again.data["max_in_flight"] == 3
    kept = str(query("SELECT * FROM webhooks")) + str(query("SELECT * FROM audit_log"))
    for text in (read, again, kept, caplog.text):
        assert webhook.secret not in str(text)
        assert "whsec_" not in str(text)


def test_both_secrets_sign_for_a_day(webhook: Called, admin: Api, query: Query) -> None:
    rotated = admin.post("/consumer/delivery/rotate", consumer_id=webhook.bank.consumer_id)
    webhook.bank.create_customer()
    deliver()
    (got,) = webhook.receiver.got

    assert rotated.data["secret"] != webhook.secret
    for secret in (webhook.secret, rotated.data["secret"]):
        Webhook(secret).verify(got.body, dict(got.headers))

    query("UPDATE webhooks SET former_until = now()")
    webhook.bank.create_customer()
    deliver()
    (_, last) = webhook.receiver.got
    Webhook(rotated.data["secret"]).verify(last.body, dict(last.headers))
    assert " " not in last.headers["webhook-signature"]


def test_test_event_says_what_was_answered(webhook: Called, admin: Api) -> None:
    webhook.receiver.words = lambda _got: b'{"status": "processed"}'

    reply = ask_test(admin, webhook.bank)

    assert reply.status == 200, reply
    assert (reply.data["outcome"], reply.data["http_status"]) == ("delivered", 200)
    (got,) = webhook.receiver.got
    assert got.json["event_type"] == "webhook_test"
    Webhook(webhook.secret).verify(got.body, dict(got.headers))


def test_test_event_has_the_banks_format(webhook: Called, admin: Api) -> None:
    own = {"consumer_id": webhook.bank.consumer_id}
    admin.post("/consumer/format", **own, message_format="xml")

    reply = ask_test(admin, webhook.bank)

    assert reply.data["outcome"] == "delivered", reply
    (got,) = webhook.receiver.got
    assert got.headers["Content-Type"] == "application/xml"
    XMLSchema10(messages_xsd()).validate(got.body)
    fields = read_fields(got.body)
    assert (fields["event_type"], fields["event_id"]) == (
        "webhook_test",
        got.headers["webhook-id"],
    )
    # The library reads JSON only; it signs any text.
    moment = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    signed = Webhook(webhook.secret).sign(got.headers["webhook-id"], moment, got.body.decode())
    assert got.headers["webhook-signature"] == signed


def test_test_goes_to_a_blocked_bank(webhook: Called, admin: Api, query: Query) -> None:
    query("UPDATE webhooks SET state = 'blocked', open_until = 'infinity'")
    webhook.receiver.answer = lambda _got: 404

    reply = ask_test(admin, webhook.bank)

    assert reply.data["outcome"] == "configuration"
    assert query("SELECT state FROM webhooks") == [{"state": "blocked"}]


def test_test_goes_past_a_dead_run(webhook: Called, admin: Api, query: Query) -> None:
    """A run died and still has leases for as many customers as the bank may be called for."""
    webhook.bank.create_customer()
    query("UPDATE webhooks SET max_in_flight = 1")
    died = replace(wiring.parts().webhooks().book)
    (lane,) = died.due()
    assert len(died.claim(lane, 1)) == 1

    reply = ask_test(admin, webhook.bank)

    assert reply.data["outcome"] == "delivered"


@pytest.mark.parametrize("waits", ["pending", "unconfirmed"])
def test_kind_needs_an_empty_queue(
    admin: Api, bank: Bank, receiver: Receiver, query: Query, waits: str
) -> None:
    write_pending(query, bank.consumer_id)
    if waits == "unconfirmed":
        query("UPDATE customer_events SET publish_status = 'published', published_at = now()")

    refused = choose(admin, bank, delivery="webhook", url=receiver.url)

    assert refused.status == 409, refused
    assert query("SELECT * FROM webhooks") == []
    read = admin.get("/consumer/delivery", consumer_id=bank.consumer_id)
    assert (read.data["delivery"], read.data["url"]) == ("queue", None)


def test_bank_gets_its_queue_back(webhook: Called, admin: Api, query: Query) -> None:
    webhook.bank.create_customer()
    assert choose(admin, webhook.bank, delivery="queue").status == 409
    deliver()
    assert choose(admin, webhook.bank, delivery="queue").status == 200

    customer = webhook.bank.create_customer()

    assert deliver() == {}
    (event,) = query(
        "SELECT publish_status FROM customer_events WHERE customer_id = %(id)s", id=customer
    )
    assert event["publish_status"] == "published"
    for table in ("webhooks", "webhook_turns", "webhook_copies"):
        assert query(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"delivery": "webhook"}, 422),
        ({"delivery": "pigeon"}, 422),
        ({"delivery": "queue", "url": "https://example.com/in"}, 422),
        ({"delivery": "webhook", "url": "http://example.com/in"}, 422),
        ({"delivery": "webhook", "url": "https://10.0.0.1/in"}, 422),
        ({"delivery": "webhook", "url": "https://169.254.169.254/latest"}, 422),
        ({"delivery": "webhook", "url": "https://example.com/in", "max_in_flight": 101}, 422),
        ({"delivery": "webhook", "url": "https://example.com/in", "timeout_seconds": 0}, 422),
    ],
)
def test_wrong_choice_is_refused(
    admin: Api, bank: Bank, fields: dict[str, object], status: int
) -> None:
    assert choose(admin, bank, **fields).status == status


def test_bank_reads_only_its_own(
    webhook: Called, make_bank: Callable[[], Bank], admin: Api
) -> None:
    other = make_bank().api
    scope = {"consumer_id": webhook.bank.consumer_id}

    assert other.get("/consumer/delivery", **scope).status == 404
    assert webhook.bank.api.get("/consumer/delivery", **scope).status == 200
    for path in ("", "/rotate", "/test"):
        body = {**scope, "delivery": "queue"} if not path else scope
        assert webhook.bank.api.post(f"/consumer/delivery{path}", **body).status == 403
