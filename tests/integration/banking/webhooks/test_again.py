"""Events that sweeps and jobs send again go to the webhook of a bank that is called, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.banking.events import rewind_worker
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import statuses, write_pending
from tests.support.receiver import Receiver
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually
from tests.support.webhooks import Called, called

PROCESSED = b'{"status": "processed"}'


@pytest.fixture(autouse=True)
def _quick_rewinds(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    environment["PUBLISH_HANDOFF_SECONDS"] = "1"
    environment["DELIVERY_GRACE_SECONDS"] = "0"


def finish_rewind() -> None:
    """Run the schedule of rewinds until it has nothing left."""
    eventually(lambda: run_schedule("rewind")["jobs"] == 0)


def test_queue_sweeps_leave_it_alone(webhook: Called, query: Query) -> None:
    write_pending(query, webhook.bank.consumer_id, customers=2)

    assert run_schedule("resend")["attempted"] == 0
    run_schedule("redeliver")

    assert statuses(query, webhook.bank.consumer_id) == {"pending": 2}
    assert deliver() == {"delivered": 2}


def test_failed_events_are_taken_up_again(webhook: Called, query: Query, admin: Api) -> None:
    write_pending(query, webhook.bank.consumer_id, events_each=2)
    query(
        "UPDATE customer_events SET publish_status = 'failed' WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )

    resent = webhook.bank.api.post(
        "/events/resend", period_in_days=1, include_failed=True, include_late=True
    )

    assert resent.status == 200, resent
    deliver()
    (seen,) = webhook.sequences().values()
    assert sorted(seen) == [1, 2]
    late = {
        got.json["metadata"]["sequence"]: got.json["metadata"].get("late")
        for got in webhook.receiver.got
    }
    assert late == {1: True, 2: None}
    assert statuses(query, webhook.bank.consumer_id) == {"published": 2}


def test_failed_delivery_is_sent_on_request(webhook: Called, query: Query) -> None:
    webhook.receiver.words = lambda _got: b'{"status": "failed", "failure_reason": "full"}'
    webhook.bank.create_customer()
    deliver()
    webhook.receiver.words = lambda _got: PROCESSED

    asked = webhook.bank.api.post("/events/redeliver", period_in_days=1, include_failed=True)

    assert asked.data["summary"]["succeeded"] == 1, asked
    again = webhook.bank.api.post("/events/redeliver", period_in_days=1, include_failed=True)
    assert again.data["summary"]["attempted"] == 0, again
    assert deliver() == {"delivered": 1}
    assert statuses(query, webhook.bank.consumer_id, "deliver_status") == {"delivered": 1}
    assert query("SELECT * FROM webhook_copies") == []


def change_twice(bank: Bank) -> str:
    """A customer with three events."""
    customer = bank.create_customer()
    for status in ("INACTIVE", "ACTIVE"):
        bank.api.patch("/customer/change-status", customer_id=customer, status=status)
    return customer


def test_replay_goes_by_webhook_in_order(webhook: Called, query: Query, admin: Api) -> None:
    customers = [change_twice(webhook.bank) for _ in range(2)]
    deliver()
    made = webhook.bank.api.post(
        "/replay/data", reason="lost", mode="all", consumer_id=webhook.bank.consumer_id
    )
    assert made.status == 201, made
    webhook.receiver.words = lambda _got: PROCESSED

    assert run_schedule("replay")["sent"] == 6
    assert deliver() == {"delivered": 6}

    assert webhook.sequences() == {customer: [1, 2, 3, 1, 2, 3] for customer in customers}
    ledger = admin.get("/events/reconcile", consumer_id=webhook.bank.consumer_id)
    assert ledger.data["balanced"], ledger


def test_rewind_goes_first_in_order(webhook: Called, query: Query, admin: Api) -> None:
    write_pending(query, webhook.bank.consumer_id, customers=3, events_each=3)
    deliver()
    begun = admin.post(
        "/events/rewind",
        consumer_id=webhook.bank.consumer_id,
        reason="it lost its database",
        include_processed=True,
        **{"from": "2020-01-01T00:00:00Z"},
    )
    assert begun.status == 202, begun
    (customer, *_) = webhook.sequences()
    write_fourth(query, customer)
    assert deliver() == {}  # the rewind holds everything back

    finish_rewind()
    webhook.receiver.answer = lambda got: 503 if len(webhook.receiver.got) == 10 else 200
    deliver()
    query("UPDATE webhooks SET open_until = now()")
    query("UPDATE webhook_copies SET due_at = now() WHERE goes_first")
    deliver()

    for seen in webhook.sequences().values():
        assert seen[:3] == [1, 2, 3]
        again = list(dict.fromkeys(seen[3:]))
        assert again == list(range(1, len(again) + 1))
    assert webhook.sequences()[customer][-1] == 4


def write_fourth(query: Query, customer: str) -> None:
    """A live event of a customer, as its request leaves it."""
    query(
        "INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,"
        " payload_json, metadata_json, created_at)"
        " SELECT consumer_id, customer_id, 4, event_type, source_service, payload_json,"
        " metadata_json || '{\"sequence\": 4}', clock_timestamp()"
        " FROM customer_events WHERE customer_id = %(id)s AND sequence = 3",
        id=customer,
    )


def test_change_of_kind_may_be_a_rewind(
    way_out: None, admin: Api, bank: Bank, receiver: Receiver, query: Query, rabbitmq_url: str
) -> None:
    customer = bank.create_customer()  # in the queue, and not confirmed

    chosen = called(admin, bank, receiver, rewind=True)

    assert deliver() == {}
    finish_rewind()
    assert drain(rabbitmq_url, bank.name) == []
    bank.api.patch("/customer/change-status", customer_id=customer, status="INACTIVE")
    deliver()
    assert chosen.sequences() == {customer: [1, 2]}


def test_late_copies_wait_for_nobody(
    make_webhook: Callable[..., Called], query: Query, admin: Api
) -> None:
    """A copy that is refused to the last try has failed by the bank's word; its customer goes on."""
    webhook = make_webhook()
    customer = webhook.bank.create_customer()
    deliver()
    webhook.receiver.answer = lambda got: 422 if got.json["metadata"]["sequence"] == 1 else 200
    query("UPDATE webhook_copies SET due_at = now()")

    assert deliver() == {"refused": 10}

    assert statuses(query, webhook.bank.consumer_id, "deliver_status") == {"failed": 1}
    webhook.bank.api.patch("/customer/change-status", customer_id=customer, status="INACTIVE")
    assert deliver() == {"delivered": 1}
    ledger = admin.get("/events/reconcile", consumer_id=webhook.bank.consumer_id)
    assert ledger.data["balanced"], ledger
