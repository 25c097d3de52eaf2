"""What a bank answers becomes the state of its event, and of its lane."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chalicelib.banking import wiring
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.api import Api
from tests.support.fixtures import Query
from tests.support.outbox import statuses, write_pending
from tests.support.receiver import Got
from tests.support.webhooks import Called


@pytest.mark.parametrize(
    ("body", "receipt", "delivered", "reason"),
    [
        (b"", "received", "delivered", None),
        (b"OK", "received", "delivered", None),
        (b'["processed"]', "received", "delivered", None),
        (b'{"status": "thanks"}', "received", "delivered", None),
        (b'{"status": "processed"}', "processed", "delivered", None),
        (
            b'{"status": "failed", "failure_reason": "no\\u0000 such account"}',
            "failed",
            "failed",
            "no  such account",
        ),
        (b'{"status": "failed"}', "failed", "failed", "the bank named no reason"),
    ],
)
def test_body_says_what_became_of_it(
    webhook: Called,
    query: Query,
    admin: Api,
    body: bytes,
    receipt: str,
    delivered: str,
    reason: str | None,
) -> None:
    webhook.receiver.words = lambda _got: body
    webhook.bank.create_customer()

    assert deliver() == {"delivered": 1}

    (row,) = query(
        "SELECT processing_status, processing_failure_reason AS reason"
        " FROM consumer_event_receipts WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )
    assert row == {"processing_status": receipt, "reason": reason}
    assert statuses(query, webhook.bank.consumer_id, "deliver_status") == {delivered: 1}
    ledger = admin.get("/events/reconcile", consumer_id=webhook.bank.consumer_id)
    assert ledger.data["balanced"], ledger


def test_answers_together_keep_their_own(webhook: Called, query: Query) -> None:
    """Answers are written back together; each says something of its own event only."""
    said = [
        (b"", "received", None),
        (b'{"status": "processed"}', "processed", None),
        (b'{"status": "failed", "failure_reason": "no account"}', "failed", "no account"),
        (b'{"status": "failed", "failure_reason": "closed"}', "failed", "closed"),
    ]
    customers = [webhook.bank.create_customer() for _ in range(3 * len(said))]
    answers = {customer: said[i % len(said)] for i, customer in enumerate(customers)}
    webhook.receiver.words = lambda got: answers[got.data["customer_id"]][0]
    calls, sender = wiring.parts().webhooks().book, wiring.parts().webhooks().sender
    (lane,) = calls.due()

    calls.write_back([sender.send(batch) for batch in calls.claim(lane, len(customers))])

    rows = query(
        "SELECT r.customer_id, r.processing_status, r.processing_failure_reason AS reason,"
        " e.deliver_status, e.publish_status, e.publish_last_tried_at IS NOT NULL AS is_tried"
        " FROM consumer_event_receipts r JOIN customer_events e USING (consumer_id, event_id)"
        " WHERE r.consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )
    assert {row.pop("customer_id"): row for row in rows} == {
        customer: {
            "processing_status": status,
            "reason": reason,
            "deliver_status": "failed" if status == "failed" else "delivered",
            "publish_status": "published",
            "is_tried": True,
        }
        for customer, (_, status, reason) in answers.items()
    }


def test_silence_comes_again_until_confirmed(webhook: Called, query: Query) -> None:
    customer = webhook.bank.create_customer()
    assert deliver() == {"delivered": 1}
    assert deliver() == {}

    for waits in (900, 1800, 3600):
        (copy,) = query(
            "SELECT extract(epoch FROM due_at - now())::integer AS seconds FROM webhook_copies"
        )
        assert waits - 60 < int(str(copy["seconds"])) <= waits
        query("UPDATE webhook_copies SET due_at = now()")
        assert deliver() == {"delivered": 1}
    assert len({got.headers["webhook-id"] for got in webhook.receiver.got}) == 1
    assert webhook.sequences() == {customer: [1] * 4}
    (event,) = query(
        "SELECT event_id, deliver_try_count FROM customer_events WHERE customer_id = %(id)s",
        id=customer,
    )
    assert event["deliver_try_count"] == 3

    confirmed = webhook.bank.api.post(
        "/events/confirm-delivery", event_id=event["event_id"], status="processed"
    )
    assert confirmed.status == 200, confirmed
    query("UPDATE webhook_copies SET due_at = now()")

    assert deliver() == {}
    assert query("SELECT * FROM webhook_copies") == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_closes_the_lane(
    webhook: Called, query: Query, admin: Api, status: int
) -> None:
    webhook.receiver.answer = lambda _got: status
    webhook.receiver.headers = lambda _got: {"Retry-After": "120"}
    write_pending(query, webhook.bank.consumer_id, customers=3)

    deliver()

    lane = admin.get("/consumer/delivery", consumer_id=webhook.bank.consumer_id).data
    assert (lane["state"], len(webhook.receiver.got)) == ("waiting", 1)
    (left,) = query("SELECT extract(epoch FROM open_until - now())::integer AS s FROM webhooks")
    assert 60 < int(str(left["s"])) <= 120
    assert statuses(query, webhook.bank.consumer_id, "publish_try_count") == {"1": 3}


@pytest.mark.parametrize("status", [401, 302, 410])
def test_wrong_configuration_blocks_the_lane(
    webhook: Called, query: Query, admin: Api, status: int
) -> None:
    webhook.receiver.answer = lambda _got: status
    write_pending(query, webhook.bank.consumer_id, customers=3)

    deliver()

    lane = admin.get("/consumer/delivery", consumer_id=webhook.bank.consumer_id).data
    assert lane["state"] == "blocked"
    assert (lane["next_try_at"] is None) == (status == 410)
    assert statuses(query, webhook.bank.consumer_id) == {"pending": 3}
    assert statuses(query, webhook.bank.consumer_id, "publish_try_count") == {"1": 3}

    webhook.receiver.answer = lambda _got: 200
    admin.post(
        "/consumer/delivery",
        consumer_id=webhook.bank.consumer_id,
        delivery="webhook",
        url=webhook.receiver.url,
    )
    assert deliver() == {"delivered": 3}


def test_bank_that_is_away_spends_no_try(webhook: Called, query: Query, admin: Api) -> None:
    webhook.receiver.answer = lambda _got: 500
    write_pending(query, webhook.bank.consumer_id, customers=8, events_each=2)

    deliver()

    lane = admin.get("/consumer/delivery", consumer_id=webhook.bank.consumer_id).data
    assert lane["state"] == "failing"
    assert statuses(query, webhook.bank.consumer_id, "publish_try_count") == {"1": 16}
    webhook.receiver.answer = lambda _got: 200
    query("UPDATE webhooks SET open_until = now()")
    assert deliver() == {"delivered": 16}
    assert all(seen[-2:] == [1, 2] for seen in webhook.sequences().values())


def test_event_that_fells_its_receiver_ends(webhook: Called, query: Query) -> None:
    write_pending(query, webhook.bank.consumer_id, customers=1)
    (bad,) = query(
        "SELECT customer_id FROM customer_events WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )
    webhook.receiver.answer = lambda got: (
        500 if got.data["customer_id"] == bad["customer_id"] else 200
    )
    for _ in range(12):
        write_pending(query, webhook.bank.consumer_id, customers=1)
        deliver()
        query("UPDATE webhooks SET open_until = now()")
        query("UPDATE webhook_turns SET next_attempt_at = now() WHERE lease_until IS NULL")

    (event,) = query(
        "SELECT publish_status, publish_try_count FROM customer_events WHERE customer_id = %(id)s",
        id=bad["customer_id"],
    )
    assert event == {"publish_status": "failed", "publish_try_count": 10}


def test_banks_words_hold_no_secret(webhook: Called, query: Query) -> None:
    webhook.receiver.answer = lambda _got: 422
    webhook.receiver.words = lambda got: json.dumps(
        {"secret": webhook.secret, "signature": got.headers["webhook-signature"]}
    ).encode()
    write_pending(query, webhook.bank.consumer_id)

    deliver()

    (event,) = query(
        "SELECT publish_failure_reason AS said FROM customer_events WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )
    assert "[redacted]" in str(event["said"])
    assert webhook.secret not in str(event["said"])


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("status", [429, 422, 401])
def test_banks_words_hold_no_name(
    webhook: Called, admin: Api, query: Query, status: int, *, ascii_only: bool
) -> None:
    """Nor does the reason of its lane, which outlives the event."""
    name = "Jörg Überall"
    webhook.receiver.answer = lambda _got: status
    said = json.dumps({"detail": f"no loan for {name}"}, ensure_ascii=ascii_only)
    webhook.receiver.words = lambda _got: said.encode()
    webhook.bank.create_customer(name)

    deliver()

    kept = '{"detail": "no loan for [redacted]"}'
    (event,) = query(
        "SELECT publish_failure_reason AS said FROM customer_events WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )
    assert str(event["said"]).endswith(kept)
    lane = admin.get("/consumer/delivery", consumer_id=webhook.bank.consumer_id).data
    assert (lane["reason"] or kept).endswith(kept)


def test_each_bank_gets_its_own(make_webhook: Callable[..., Called], query: Query) -> None:
    one, other = make_webhook(), make_webhook()
    mine, theirs = one.bank.create_customer(), other.bank.create_customer()

    assert deliver() == {"delivered": 2}

    signed = {got.data["customer_id"]: got for got in one.receiver.got}
    assert signed.keys() == {mine, theirs}
    assert _verifies(signed[mine], one.secret)
    assert not _verifies(signed[mine], other.secret)
    assert _verifies(signed[theirs], other.secret)


def _verifies(got: Got, secret: str) -> bool:
    try:
        Webhook(secret).verify(got.body, dict(got.headers))
    except WebhookVerificationError:
        return False
    return True
