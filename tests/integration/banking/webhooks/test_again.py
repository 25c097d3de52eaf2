"""Events that sweeps and jobs send again go to the webhook of a bank that is called, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.events import rewind, rewind_worker
from chalicelib.banking.webhooks.gauges import webhook_gauges
from chalicelib.banking.wiring import Parts
from tests.integration.banking.webhooks.conftest import deliver
from tests.support.api import Api
from tests.support.banking import Bank, parts_with, together
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


def test_queue_waits_for_calls_under_way(
    webhook: Called, admin: Api, query: Query, rabbitmq_url: str
) -> None:
    """A call that began before the change must not arrive behind what the queue brings."""
    write_pending(query, webhook.bank.consumer_id, events_each=2)
    delivery = wiring.parts().webhooks()
    (lane,) = delivery.book.due()
    (batch,) = delivery.book.claim(lane, 1)
    (lease,) = query("SELECT lease_until FROM webhook_turns")

    chosen = admin.post(
        "/consumer/delivery", consumer_id=webhook.bank.consumer_id, delivery="queue", rewind=True
    )
    assert chosen.status == 200, chosen
    run_schedule("rewind")

    (job,) = query(
        "SELECT status, quiet_after >= %(lease)s AS waits FROM replay_jobs",
        lease=lease["lease_until"],
    )
    assert job == {"status": "held", "waits": True}
    delivery.book.write_back([delivery.sender.send(batch)])
    assert statuses(query, webhook.bank.consumer_id) == {"pending": 2}
    assert query("SELECT * FROM webhook_turns") == []
    query("UPDATE replay_jobs SET quiet_after = now()")
    finish_rewind()
    assert [each.sequence for each in drain(rabbitmq_url, webhook.bank.name)] == [1, 2]


@pytest.mark.parametrize("ended_by", ["the schedule", "a repeated request"])
def test_cancelled_change_waits_for_calls(
    webhook: Called, admin: Api, query: Query, rabbitmq_url: str, ended_by: str
) -> None:
    """No sweep publishes while a call from before may last, though the rewind is cancelled."""
    bank = webhook.bank
    write_pending(query, bank.consumer_id, events_each=2)
    delivery = wiring.parts().webhooks()
    (lane,) = delivery.book.due()
    (batch,) = delivery.book.claim(lane, 1)
    chosen = admin.post(
        "/consumer/delivery", consumer_id=bank.consumer_id, delivery="queue", rewind=True
    )
    assert chosen.status == 200, chosen

    cancelled = admin.delete("/events/rewind", consumer_id=bank.consumer_id)

    assert cancelled.status == 200, cancelled
    assert (cancelled.data["status"], cancelled.data["finished_at"]) == ("held", None)
    assert run_schedule("resend")["attempted"] == 0
    assert run_schedule("rewind") == {"jobs": 1, "done": 0, "sent": 0}
    delivery.book.write_back([delivery.sender.send(batch)])
    query("UPDATE replay_jobs SET quiet_after = now()")
    if ended_by == "the schedule":
        assert run_schedule("rewind") == {"jobs": 1, "done": 1, "sent": 0}
    else:
        again = admin.delete("/events/rewind", consumer_id=bank.consumer_id)
        assert again.data["status"] == "done"
    run_schedule("resend")
    assert [each.sequence for each in drain(rabbitmq_url, bank.name)] == [1, 2]


def test_births_wait_for_no_count(
    way_out: None,
    admin: Api,
    bank: Bank,
    receiver: Receiver,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looking for where the rewind begins may take seconds; the bank goes on meanwhile."""
    bank.create_customer()
    looked = rewind._look
    born: list[str] = []

    def look(*arguments: object) -> object:
        born.extend(together([bank.create_customer]))
        return looked(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rewind, "_look", look)

    called(admin, bank, receiver, rewind=True)

    assert len(born) == 1
    finish_rewind()
    assert deliver() == {"delivered": 2}


def test_confirmed_copies_never_go(webhook: Called, query: Query) -> None:
    """However many are due: the bank has said what became of these events."""
    write_pending(query, webhook.bank.consumer_id, customers=1_500)
    query(
        "UPDATE customer_events SET publish_status = 'published', published_at = now(),"
        " deliver_status = 'delivered', delivered_at = now()"
    )
    query(
        "INSERT INTO webhook_copies (event_id, consumer_id, customer_id, sequence, due_at)"
        " SELECT event_id, consumer_id, customer_id, sequence, now() FROM customer_events"
        " WHERE consumer_id = %(id)s",
        id=webhook.bank.consumer_id,
    )

    assert deliver() == {}
    assert query("SELECT * FROM webhook_copies") == []


@pytest.mark.parametrize("by", ["webhook", "replay", "rewind"])
def test_archived_copies_block_nobody(
    make_webhook: Callable[..., Called], query: Query, by: str
) -> None:
    webhook = make_webhook(max_in_flight=1)
    query(
        "INSERT INTO webhook_copies"
        " (event_id, consumer_id, customer_id, sequence, due_at, by, goes_first)"
        " SELECT gen_random_uuid(), %(id)s, gen_random_uuid(), 1, now(), %(by)s, %(by)s = 'rewind'"
        " FROM generate_series(1, 3)",
        id=webhook.bank.consumer_id,
        by=by,
    )

    assert deliver() == {}
    assert query("SELECT * FROM webhook_copies") == []
    assert query("SELECT * FROM webhook_turns") == []
    webhook.bank.create_customer()
    assert deliver() == {"delivered": 1}


def refused_copy(webhook: Called, admin: Api, environment: dict[str, str]) -> str:
    """A customer whose first event a rewind sends again and the bank refuses; three wait behind it."""
    customer = change_twice(webhook.bank)
    deliver()
    begun = admin.post(
        "/events/rewind", consumer_id=webhook.bank.consumer_id, reason="it lost its database"
    )
    assert begun.status == 202, begun
    finish_rewind()
    webhook.receiver.got.clear()
    webhook.receiver.answer = lambda got: 422 if got.json["metadata"]["sequence"] == 1 else 200
    webhook.receiver.words = lambda _got: b"no such account"
    webhook.bank.api.patch("/customer/change-status", customer_id=customer, status="INACTIVE")
    with parts_with(environment, WEBHOOK_RETRY_SECONDS="3600") as patient:
        patient.webhooks().run()
        patient.webhooks().close()
    assert webhook.sequences() == {customer: [1]}
    return customer


def test_refused_copy_is_the_head(
    webhook: Called, admin: Api, parts: Parts, environment: dict[str, str], query: Query
) -> None:
    customer = refused_copy(webhook, admin, environment)

    lane = webhook.bank.api.get("/events/lane", customer_id=customer).data
    (waiting,) = lane["waiting"]
    life = webhook.bank.api.get("/events/data", event_id=waiting["event_id"]).data
    shown = {each.name: each.values for each in webhook_gauges(parts.request.database, 9)}

    assert (lane["head"]["sequence"], lane["head"]["publish_status"]) == (1, "published")
    assert (waiting["sequence"], waiting["state"]) == (4, "held_back")
    assert lane["waiting_count"] == 3
    assert "no such account" in lane["held_reason"]
    assert (life["state"], life["waits_behind"]) == ("held_back", lane["head"]["event_id"])
    assert shown["fintegrate_webhook_refused_customers"] == {(webhook.bank.name,): 1.0}


def test_skipped_copy_lets_the_others_go(
    webhook: Called, admin: Api, environment: dict[str, str], query: Query
) -> None:
    customer = refused_copy(webhook, admin, environment)
    skipping = {"customer_id": customer, "reason": "its bank refuses it"}

    would = admin.post("/events/skip-head", **skipping, dry_run=True)
    skipped = admin.post("/events/skip-head", **skipping)

    assert would.status == skipped.status == 200, (would, skipped)
    assert "3 events wait behind it and go to the bank's server next" in str(would.data)
    assert (skipped.data["sequence"], skipped.data["released_count"]) == (1, 3)
    assert deliver() == {"delivered": 3}
    assert webhook.sequences() == {customer: [1, 2, 3, 4]}
    life = admin.get("/events/data", event_id=skipped.data["event_id"]).data
    assert (life["deliver_status"], life["attempts"][-1]["by"]) == ("failed", "skip")
    assert "its bank refuses it" in life["deliver_failure_reason"]
    ledger = admin.get("/events/reconcile", consumer_id=webhook.bank.consumer_id)
    assert ledger.data["balanced"], ledger


def test_copy_under_way_is_not_skipped(
    webhook: Called, admin: Api, environment: dict[str, str], query: Query
) -> None:
    customer = refused_copy(webhook, admin, environment)
    query("UPDATE webhook_copies SET due_at = now()")
    book = wiring.parts().webhooks().book
    (lane,) = book.due()
    assert len(book.claim(lane, 9)) == 1

    skipped = admin.post("/events/skip-head", customer_id=customer, reason="its bank refuses it")

    assert (skipped.status, len(query("SELECT * FROM webhook_copies"))) == (409, 3)
