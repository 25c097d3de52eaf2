"""GET /events/reconcile: sums that are exact under load, and every discrepancy by its name."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg2
import pytest

from tests.integration.banking.events.test_order import change_customers, resend_often
from tests.integration.banking.events.test_skip_head import HEAD, skip
from tests.support.api import Api
from tests.support.banking import Bank, parts_with, together
from tests.support.fixtures import Query
from tests.support.outbox import write_pending

Ledger = Callable[..., dict[str, Any]]
NOTHING_OF = ("published", "pending", "failed", "delivered", "undelivered")
DELIVERED = "UPDATE customer_events SET deliver_status = 'delivered', delivered_at = now()"
PENDING = "UPDATE customer_events SET publish_status = 'pending', published_at = NULL"
LETTER = (
    "INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json,"
    " fingerprint) SELECT 'q', consumer_id, event_id, 'rejected', '', '{}', event_id::text"
    " FROM customer_events WHERE event_id = %(event_id)s"
)


@pytest.fixture
def reconcile(admin: Api) -> Ledger:
    """Asks for the ledger; with a bank, for that bank's own part of it."""

    def ask(bank: Bank | None = None) -> dict[str, Any]:
        reply = admin.get("/events/reconcile")
        assert reply.status == 200, reply
        if bank is None:
            return reply.data
        (tenant,) = (t for t in reply.data["tenants"] if t["consumer_id"] == bank.consumer_id)
        return dict(tenant)

    return ask


@pytest.fixture
def tampering(query: Query) -> Iterator[Query]:
    """Writes what no function can write."""
    query("ALTER TABLE customer_events DISABLE TRIGGER USER")
    query("ALTER TABLE consumers DISABLE TRIGGER USER")
    return query


def test_tenant_without_events_has_zeros(bank: Bank, reconcile: Ledger) -> None:
    tenant = reconcile(bank)

    assert tenant["consumer_name"] == bank.name
    assert tenant["balanced"] is True
    assert {kind: tenant[kind] for kind in NOTHING_OF} == dict.fromkeys(NOTHING_OF, 0)
    assert set(tenant["oldest_age_hours"].values()) == {None}


def test_last_count_costs_nothing(admin: Api, bank: Bank, query: Query) -> None:
    """A count of all tenants is kept, one of a tenant is not."""
    query("DELETE FROM last_reconciliation")
    first = admin.get("/events/reconcile", last=True).data  # there is none, so it counts
    again = admin.get("/events/reconcile").data
    admin.get("/events/reconcile", consumer_id=bank.consumer_id)

    assert first["taken_at"] < again["taken_at"]
    assert admin.get("/events/reconcile", last=True).data == again
    refused = admin.get("/events/reconcile", last=True, consumer_id=bank.consumer_id)
    assert (refused.status, "last: is of all tenants" in refused.description) == (422, True)


def test_last_count_knows_of_a_restore(admin: Api, query: Query) -> None:
    """The last count came back with the backup, and is of the time before it."""
    assert admin.get("/events/reconcile").data["balanced"] is True
    query("UPDATE recovery SET suspicion = 'restored'")

    last = admin.get("/events/reconcile", last=True).data

    assert (last["balanced"], last["recovery"]["due"]) == (False, True)


def test_every_event_is_counted_once(
    admin: Api, bank: Bank, reconcile: Ledger, query: Query
) -> None:
    events = [first_event(bank, query) for _ in range(6)]
    unsent, given_up, processed, refused, dead, _under_way = events
    confirm(bank, processed, "processed")
    confirm(bank, refused, "failed")
    query(LETTER, event_id=dead)
    query("UPDATE customer_events SET deliver_status = 'failed' WHERE event_id = %(id)s", id=dead)
    for event_id in (unsent, given_up):
        query(f"{PENDING}, publish_failure_reason = 'nacked' WHERE event_id = %(id)s", id=event_id)
    customer = query("SELECT customer_id FROM customer_events WHERE event_id = %(id)s", id=given_up)
    assert skip(admin, customer[0]["customer_id"]).status == 200

    tenant = reconcile(bank)

    assert tenant["balanced"] is True, tenant
    assert (tenant["committed"], tenant["published"]) == (6, 4)
    ones = ("pending", "failed", "delivered", "undelivered", "delivery_failed", "dead_lettered")
    assert {kind: tenant[kind] for kind in ones} == dict.fromkeys(ones, 1)
    assert all(0 <= age < 0.1 for age in tenant["oldest_age_hours"].values())


def first_event(bank: Bank, query: Query) -> str:
    customer_id = bank.create_customer()
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE customer_id = %(id)s", id=customer_id
    )
    return str(row["event_id"])


def confirm(bank: Bank, event_id: str, status: str) -> None:
    reply = bank.api.post("/events/confirm-delivery", event_id=event_id, status=status)
    assert reply.status == 200, reply


def test_total_sums_the_tenants(make_bank: Callable[[], Bank], reconcile: Ledger) -> None:
    for number, bank in enumerate((make_bank(), make_bank()), start=1):
        for _ in range(number):
            bank.create_customer()

    ledger = reconcile()

    assert ledger["total"]["committed"] == 5  # the admin has one event for each new bank
    assert ledger["total"]["committed"] == sum(t["committed"] for t in ledger["tenants"])
    assert ledger["balanced"] is ledger["total"]["balanced"] is True


def test_deleted_customer_still_counts(bank: Bank, reconcile: Ledger) -> None:
    customer_id = bank.create_customer()
    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
    bank.api.delete("/customer/data", customer_id=customer_id)

    tenant = reconcile(bank)

    assert (tenant["committed"], tenant["balanced"]) == (3, True)


def test_redelivered_and_received_events_contradict_nothing(
    bank: Bank, reconcile: Ledger, query: Query
) -> None:
    refused, rejected = first_event(bank, query), first_event(bank, query)
    confirm(bank, refused, "failed")
    confirm(bank, rejected, "received")
    query(LETTER, event_id=rejected)
    query("UPDATE customer_events SET deliver_status = 'pending', delivered_at = NULL")

    assert reconcile(bank)["balanced"] is True


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("missing_events", "DELETE FROM customer_events WHERE event_id = %(event_id)s"),
        (
            "missing_events",
            "UPDATE customers SET event_sequence = 2 WHERE customer_id = %(customer_id)s",
        ),
        (
            "events_of_no_customer",
            "DELETE FROM customers WHERE customer_id = %(customer_id)s",
        ),
        (
            "events_of_no_customer",
            (
                "UPDATE customer_events SET customer_id = gen_random_uuid()"
                " WHERE event_id = %(event_id)s"
            ),
        ),
        (
            "events_of_anothers_customer",
            "UPDATE customer_events SET consumer_id = %(admin_id)s WHERE event_id = %(event_id)s",
        ),
        (
            "events_beyond_the_last",
            "UPDATE customer_events SET sequence = 2 WHERE event_id = %(event_id)s",
        ),
        (
            "events_of_no_consumer",
            "DELETE FROM consumers WHERE consumer_id = %(consumer_id)s",
        ),
        (
            "publish_failed_unacknowledged",
            (
                "UPDATE customer_events SET publish_status = 'failed', published_at = NULL"
                " WHERE event_id = %(event_id)s"
            ),
        ),
        (
            "deliveries_without_publish",
            (
                f"{DELIVERED}, publish_status = 'failed', published_at = NULL"
                " WHERE event_id = %(event_id)s"
            ),
        ),
        ("deliveries_without_receipt", f"{DELIVERED} WHERE event_id = %(event_id)s"),
        (
            "failures_without_cause",
            "UPDATE customer_events SET deliver_status = 'failed' WHERE event_id = %(event_id)s",
        ),
        (
            "receipts_that_contradict",
            (
                "INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type,"
                " processing_status) SELECT consumer_id, event_id, customer_id, event_type, 'processed'"
                " FROM customer_events WHERE event_id = %(event_id)s"
            ),
        ),
        (
            "receipts_without_event",
            (
                "INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type,"
                " processing_status) VALUES (%(consumer_id)s, gen_random_uuid(), gen_random_uuid(),"
                " 'customer_creation', 'processed')"
            ),
        ),
    ],
)
def test_damage_is_found_by_its_name(
    name: str, damage: str, bank: Bank, event_id: str, reconcile: Ledger, tampering: Query
) -> None:
    (event,) = tampering("SELECT * FROM customer_events WHERE event_id = %(id)s", id=event_id)
    assert reconcile()["balanced"] is True

    tampering(damage, **event, admin_id="00000000-0000-0000-0000-000000000001")

    ledger = reconcile()
    assert ledger["balanced"] is ledger["total"]["balanced"] is False
    assert ledger["total"]["discrepancies"][name] == 1


@pytest.mark.parametrize(
    "word",
    [
        "UPDATE customer_events SET publish_given_up_at = now() WHERE event_id = %(event_id)s",
        "UPDATE consumers SET status = 'deactivated' WHERE consumer_id = %(consumer_id)s",
    ],
    ids=["given up by a person", "of a deactivated consumer"],
)
def test_acknowledged_failure_is_balanced(
    word: str, bank: Bank, event_id: str, reconcile: Ledger, query: Query
) -> None:
    query("UPDATE customer_events SET publish_status = 'failed', published_at = NULL"
          " WHERE event_id = %(id)s", id=event_id)  # fmt: skip
    assert reconcile(bank)["balanced"] is False

    query(word, event_id=event_id, consumer_id=bank.consumer_id)

    tenant = reconcile(bank)
    assert (tenant["balanced"], tenant["failed"]) == (True, 1)


def test_surplus_hides_no_missing_event(
    bank: Bank, event_id: str, reconcile: Ledger, tampering: Query
) -> None:
    bank.create_customer()
    tampering(
        "UPDATE customer_events SET sequence = 2 WHERE event_id = %(event_id)s", event_id=event_id
    )

    tenant = reconcile(bank)

    assert tenant["committed"] == tenant["published"]  # the plain sum agrees
    assert tenant["balanced"] is False
    assert tenant["discrepancies"]["missing_events"] == 1


def test_purged_receipt_is_not_missed(
    bank: Bank, event_id: str, reconcile: Ledger, tampering: Query
) -> None:
    tampering(
        f"{DELIVERED}, created_at = now() - interval '400 days' WHERE event_id = %(event_id)s",
        event_id=event_id,
    )

    assert reconcile(bank)["balanced"] is True


def test_sums_are_exact_while_others_write(bank: Bank, reconcile: Ledger, query: Query) -> None:
    shared = [bank.create_customer() for _ in range(4)]
    changes = [partial(change_customers, bank, shared, seed) for seed in range(4)]

    def confirm_often() -> None:
        for row in query("SELECT event_id FROM customer_events WHERE event_type LIKE 'customer%%'"):
            confirm(bank, str(row["event_id"]), "processed")

    def reconcile_often() -> list[dict[str, Any]]:
        return [reconcile() for _ in range(25)]

    *_, ledgers = together([*changes, confirm_often, partial(resend_often, bank), reconcile_often])

    assert [ledger["total"]["discrepancies"] for ledger in ledgers if not ledger["balanced"]] == []
    assert len({ledger["total"]["committed"] for ledger in ledgers}) > 3  # it saw them write


def test_heads_list_their_waiting_events(bank: Bank, reconcile: Ledger, query: Query) -> None:
    write_pending(query, bank.consumer_id, customers=60, events_each=2)
    write_pending(query, bank.consumer_id, customers=1, events_each=5)
    write_pending(query, bank.consumer_id, customers=1, events_each=1)  # nothing behind it

    heads = reconcile()["heads"]

    assert (heads["total"], heads["waiting_behind"]) == (61, 64)
    assert [head["waiting"] for head in heads["longest"]] == [4] + [1] * 49
    longest = heads["longest"][0]
    assert {(row["event_id"], row["customer_id"]) for row in query(HEAD)} >= {
        (longest["event_id"], longest["customer_id"])
    }
    assert longest["consumer_id"] == bank.consumer_id
    assert longest["publish_failure_reason"] == "the broker was away"
    assert 0 < longest["age_hours"] < 1


def test_one_tenant_alone(make_bank: Callable[[], Bank], admin: Api) -> None:
    mine, other = make_bank(), make_bank()
    mine.create_customer()
    other.create_customer()

    ledger = admin.get("/events/reconcile", consumer_id=mine.consumer_id).data

    assert [tenant["consumer_id"] for tenant in ledger["tenants"]] == [mine.consumer_id]
    assert (ledger["total"]["committed"], ledger["balanced"]) == (1, True)


def test_unknown_tenant_is_not_found(admin: Api) -> None:
    assert admin.get("/events/reconcile", consumer_id=str(uuid.uuid4())).status == 404


def test_slow_ledger_is_reported(
    admin: Api, environment: dict[str, str], database_url: str
) -> None:
    connection = psycopg2.connect(database_url)
    with parts_with(environment, SWEEP_SECONDS="1"), connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE consumer_event_receipts")

        reply = admin.get("/events/reconcile")
    connection.close()

    assert reply.status == 503
    assert "could not be read within 1 s; narrow it with consumer_id" in reply.description
    assert reply.headers["Retry-After"] == "60"
