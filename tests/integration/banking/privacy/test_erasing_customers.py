"""POST /customer/erase: no column tells of the person afterwards, and the ledger still adds up."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.banking.customer import erasing
from chalicelib.banking.events.topology import QUEUE_TTL_SECONDS, queue_name
from chalicelib.banking.wiring import Parts
from tests.integration.banking.customer.tagging import add_tags
from tests.integration.banking.dead_letters.kept import keep_letter, requeue, see_empty_queue
from tests.integration.banking.events.test_dead_letters import letters_waiting, reject_next, sweep
from tests.integration.banking.privacy.people import NAME, TAG, known_customer, where
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with
from tests.support.broker import channel, drain
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

EVENTS = "SELECT * FROM customer_events WHERE customer_id = %(id)s ORDER BY sequence"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}


def erase(bank: Bank | Api, customer_id: str, reason: str = "ticket 4711") -> Reply:
    api = bank.api if isinstance(bank, Bank) else bank
    return api.post("/customer/erase", customer_id=customer_id, reason=reason)


def events_of(query: Query, customer_id: str) -> list[dict[str, Any]]:
    return query(EVENTS, id=customer_id)


def test_nothing_tells_of_the_person(bank: Bank, database_url: str, query: Query) -> None:
    customer_id = known_customer(bank)
    before = where(database_url)

    reply = erase(bank, customer_id)

    assert reply.status == 200, reply
    assert before == [
        "customer_analytics.tags_json",
        "customer_events.payload_json",
        "customer_tags.tag_value",
        "customers.name",
    ]
    assert where(database_url) == []
    assert bank.api.get("/customer/data", customer_id=customer_id).status == 404


def test_what_happened_stays(bank: Bank, query: Query) -> None:
    customer_id = known_customer(bank)
    before = events_of(query, customer_id)

    erase(bank, customer_id)

    *kept, last = events_of(query, customer_id)
    facts = {"customer_id": customer_id, "name": "erased", "status": "ACTIVE", "erased": True}
    assert [{**event, "payload_json": None} for event in kept] == [
        {**event, "payload_json": None} for event in before
    ]
    assert [e["payload_json"]["status"] for e in kept] == ["ACTIVE", "INACTIVE", "ACTIVE"]
    assert all(e["payload_json"] | {"status": "ACTIVE"} == facts for e in kept)
    assert (last["event_type"], last["sequence"], last["payload_json"]) == (
        "customer_deletion",
        4,
        facts,
    )


def test_ledger_stays_balanced(admin: Api, bank: Bank) -> None:
    customer_id = known_customer(bank)
    assert admin.get("/events/reconcile").data["balanced"]

    erase(bank, customer_id)

    after = admin.get("/events/reconcile").data
    assert after["balanced"], after


def test_erasure_says_who_when_why(bank: Bank, query: Query) -> None:
    customer_id = known_customer(bank)

    said = erase(bank, customer_id, "asked for by letter").data

    (row,) = query("SELECT * FROM erasures")
    (listed,) = bank.api.get("/customer/erasures").data["erasures"]
    assert (row["reason"], str(row["consumer_id"])) == ("asked for by letter", bank.consumer_id)
    assert str(row["key_id"]) == listed["key_id"]
    assert (said["event_count"], listed["event_count"]) == (4, 4)
    assert said.items() <= listed.items()
    (until,) = query(
        "SELECT finished_at + %(wait)s AS at FROM erasures",
        wait=timedelta(seconds=QUEUE_TTL_SECONDS),
    )
    assert said["queues_until"] == until["at"].isoformat(timespec="microseconds")


def test_reason_may_not_name_the_person(bank: Bank, query: Query) -> None:
    customer_id = known_customer(bank)

    reply = erase(bank, customer_id, f"{NAME.upper()} has written to us")

    assert reply.status == 422, reply
    assert NAME not in str(reply.body)
    assert query("SELECT 1 FROM erasures") == []
    assert bank.api.get("/customer/data", customer_id=customer_id).status == 200


def test_deleted_customer_is_erased(bank: Bank, database_url: str, query: Query) -> None:
    customer_id = known_customer(bank)
    bank.api.delete("/customer/data", customer_id=customer_id)

    reply = erase(bank, customer_id)

    assert reply.data["event_count"] == 4
    assert where(database_url) == []


def test_repeated_erasure_changes_nothing(bank: Bank, query: Query) -> None:
    customer_id = known_customer(bank)
    first = erase(bank, customer_id).data
    before = events_of(query, customer_id)

    again = erase(bank, customer_id, "erased once more")

    assert (again.status, again.data) == (200, first)
    assert events_of(query, customer_id) == before


def test_foreign_customer_looks_absent(
    bank: Bank, make_bank: Callable[[], Bank], query: Query
) -> None:
    theirs = known_customer(make_bank())

    assert erase(bank, theirs).status == erase(bank, str(uuid.uuid4())).status == 404
    assert erase(bank, bank.consumer_id).status == 404
    assert query("SELECT 1 FROM erasures") == []
    assert bank.api.get("/customer/erasures").data["erasures"] == []


def test_admin_erases_for_a_bank(admin: Api, bank: Bank, database_url: str, query: Query) -> None:
    customer_id = known_customer(bank)

    reply = erase(admin, customer_id)

    assert (reply.status, reply.data["consumer_id"]) == (200, bank.consumer_id)
    assert where(database_url) == []
    (event,) = query(EVENTS + " DESC LIMIT 1", id=customer_id)
    assert event["publish_status"] == "published"
    (row,) = query("SELECT * FROM audit_log WHERE action = 'POST /customer/erase'")
    assert str(row["subject_consumer_id"]) == bank.consumer_id
    assert row["details"]["filter"] == {"customer_id": customer_id}


def test_other_customers_keep_theirs(bank: Bank, query: Query) -> None:
    other = bank.create_customer("Ottilie Quandt the second")
    add_tags(bank, other, mail=TAG)
    before = query("SELECT * FROM customer_events WHERE customer_id = %(id)s", id=other)

    erase(bank, known_customer(bank))

    assert query("SELECT * FROM customer_events WHERE customer_id = %(id)s", id=other) == before
    assert bank.api.get("/customer/data", customer_id=other).data["tags"] == {"mail": TAG}


def test_dead_letters_lose_the_person(
    bank: Bank, rabbitmq_url: str, database_url: str, query: Query
) -> None:
    customer_id = known_customer(bank)
    event_id = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")
    sweep()
    told = json.dumps({"data": {"customer_id": customer_id, "name": NAME}}).encode()
    stray = keep_letter(query, bank, body=told, properties=json.dumps({"headers": {"x": NAME}}))
    assert "dead_letters.body" in where(database_url)

    erase(bank, customer_id)

    assert where(database_url) == []
    letters = {str(row["dead_letter_id"]): row for row in query("SELECT * FROM dead_letters")}
    assert {bytes(row["body"]) for row in letters.values()} == {b'{"erased":true}'}
    assert letters[stray]["resolved_by"] == "erasure"
    (kept,) = (row for row in letters.values() if str(row["event_id"]) == event_id)
    assert (kept["resolved_at"], kept["reason"]) == (None, "rejected")


def test_letters_that_come_late_are_kept_without(
    bank: Bank, rabbitmq_url: str, database_url: str, query: Query
) -> None:
    """Messages from before the erasure die in the queue after it."""
    customer_id = known_customer(bank)
    erase(bank, customer_id)
    reject_next(rabbitmq_url, bank)
    with channel(rabbitmq_url) as ch:
        body = json.dumps({"data": {"customer_id": customer_id, "name": NAME}}).encode()
        ch.basic_publish("", f"{queue_name(bank.name)}_DLQ", body)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 2, "the dead letters")

    sweep()

    rows = query("SELECT * FROM dead_letters ORDER BY event_id NULLS LAST")
    assert [bytes(row["body"]) for row in rows] == [b'{"erased":true}'] * 2
    assert [row["resolved_by"] for row in rows] == [None, "erasure"]
    assert where(database_url) == []


def test_banks_words_go_with_it(bank: Bank, database_url: str, query: Query) -> None:
    customer_id = known_customer(bank)
    first, second, *_ = (str(event["event_id"]) for event in events_of(query, customer_id))
    said = {"status": "failed", "failure_reason": f"dead-lettered: {NAME} is unknown"}
    assert bank.api.post("/events/confirm-delivery", event_id=first, **said).status == 200
    before = where(database_url)

    erase(bank, customer_id)
    bank.api.post("/events/confirm-delivery", event_id=second, **said)

    assert "consumer_event_receipts.processing_failure_reason" in before
    assert "customer_events.deliver_failure_reason" in before
    assert where(database_url) == []
    reasons = [event["deliver_failure_reason"] for event in events_of(query, customer_id)][:2]
    assert reasons == ["dead-lettered: erased", "erased"]


@pytest.mark.parametrize("reason", ["the letter of {}", "{} is to be erased"])
def test_operators_words_go_with_it(
    admin: Api, bank: Bank, database_url: str, query: Query, reason: str
) -> None:
    customer_id = known_customer(bank)
    head, *_ = (event["event_id"] for event in events_of(query, customer_id))
    query(
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL,"
        " publish_failure_reason = 'away' WHERE event_id = %(id)s",
        id=head,
    )
    told = {"customer_id": customer_id, "reason": reason.format(NAME)}
    skipped = admin.post("/events/skip-head", **told)
    assert skipped.status == 200, skipped
    places = {"customer_events.publish_failure_reason", "event_attempts.words"}
    assert places <= set(where(database_url))

    erase(bank, customer_id)

    assert where(database_url) == ["audit_log.reason"]
    (event,) = query("SELECT * FROM customer_events WHERE event_id = %(id)s", id=head)
    assert re.fullmatch(
        "skipped by the operator in request [^ ]+: erased", str(event["publish_failure_reason"])
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("taken up again in request r-1, after: {}", "taken up again, erased"),
        ("skipped by the operator in request {}", "erased"),  # a bank's server may answer anything
        ("{} erased", "erased"),
    ],
)
def test_reasons_of_what_waits_go_with_it(
    bank: Bank, database_url: str, query: Query, before: str, after: str
) -> None:
    customer_id = known_customer(bank)
    (newest, *_) = reversed(events_of(query, customer_id))
    query(
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL,"
        " publish_failure_reason = %(said)s WHERE event_id = %(id)s",
        said=before.format(NAME),
        id=newest["event_id"],
    )

    erase(bank, customer_id)

    assert where(database_url) == []
    (event,) = query("SELECT * FROM customer_events WHERE event_id = %(id)s", id=newest["event_id"])
    assert event["publish_failure_reason"] == after


def test_pending_events_are_sent_erased(bank: Bank, rabbitmq_url: str, query: Query) -> None:
    customer_id = known_customer(bank)
    drain(rabbitmq_url, bank.name)
    query(
        "UPDATE customer_events SET publish_failure_reason = 'away', publish_status = 'pending',"
        " published_at = NULL WHERE customer_id = %(id)s",
        id=customer_id,
    )
    erase(bank, customer_id)

    reply = bank.api.post("/events/resend", period_in_days=1)

    assert reply.data["summary"]["succeeded"] == 4, reply
    told = drain(rabbitmq_url, bank.name)
    assert [delivery.sequence for delivery in told] == [1, 2, 3, 4]
    assert {delivery.body["data"]["name"] for delivery in told} == {"erased"}


def test_redelivered_events_are_erased(
    bank: Bank, parts: Parts, rabbitmq_url: str, query: Query
) -> None:
    customer_id = known_customer(bank)
    drain(rabbitmq_url, bank.name)
    erase(bank, customer_id)
    (deletion,) = drain(rabbitmq_url, bank.name)
    query("UPDATE customer_events SET published_at = published_at - interval '2 days'")
    see_empty_queue(parts, bank)

    reply = bank.api.post("/events/redeliver", period_in_days=1)

    assert reply.data["summary"]["succeeded"] == 4, reply
    told = [deletion, *drain(rabbitmq_url, bank.name)]
    assert [delivery.sequence for delivery in told] == [4, 1, 2, 3, 4]
    assert all(delivery.body["data"]["erased"] for delivery in told)
    assert {delivery.body["data"]["name"] for delivery in told} == {"erased"}


def test_requeued_letter_is_erased(
    bank: Bank, parts: Parts, rabbitmq_url: str, query: Query
) -> None:
    customer_id = known_customer(bank)
    drain(rabbitmq_url, bank.name)
    first = events_of(query, customer_id)[0]["event_id"]
    letter = keep_letter(query, bank, str(first), body=NAME.encode())
    erase(bank, customer_id)
    drain(rabbitmq_url, bank.name)
    see_empty_queue(parts, bank)

    reply = requeue(bank.api, dead_letter_ids=[letter])

    assert reply.data["summary"]["succeeded"] == 1, reply
    (told,) = drain(rabbitmq_url, bank.name)
    assert (told.sequence, told.body["data"]["name"]) == (1, "erased")


def test_killed_erasure_is_gone_on_with(
    bank: Bank,
    environment: dict[str, str],
    database_url: str,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer_id = known_customer(bank)
    monkeypatch.setattr(erasing, "BATCH", 1)
    with parts_with(environment, SWEEP_SECONDS="0"):
        begun = erase(bank, customer_id).data
    assert (begun["finished_at"], begun["queues_until"]) == (None, None)
    assert where(database_url) == [
        "customer_analytics.tags_json",
        "customer_events.payload_json",
    ]

    done = erase(bank, customer_id).data

    assert done["finished_at"]
    assert done["begun_at"] == begun["begun_at"]
    assert where(database_url) == []


def test_thousands_of_events_are_erased(bank: Bank, database_url: str, query: Query) -> None:
    customer_id = bank.create_customer(NAME)
    query(
        "INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type,"
        " source_service, payload_json, metadata_json, created_at, publish_status, published_at)"
        " SELECT consumer_id, customer_id, n, 'customer_status_change', source_service,"
        " payload_json, metadata_json, created_at + make_interval(secs => n / 1e6), 'published',"
        " clock_timestamp() FROM customer_events, generate_series(2, 10000) AS n"
        " WHERE customer_id = %(id)s",
        id=customer_id,
    )
    query("UPDATE customers SET event_sequence = 10000 WHERE customer_id = %(id)s", id=customer_id)

    reply = erase(bank, customer_id)

    assert reply.data["event_count"] == 10_001
    assert where(database_url) == []


def test_schedule_finishes_what_was_left(
    bank: Bank, database_url: str, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was killed after the erasure was written down; no second call comes."""
    customer_id = known_customer(bank)
    monkeypatch.setattr(erasing, "go_on", lambda *_: None)
    erase(bank, customer_id)
    monkeypatch.undo()

    assert run_schedule("offboard")["erasures"] == 0  # a request may still be at it
    assert "customer_events.payload_json" in where(database_url)

    query("UPDATE erasures SET begun_at = now() - interval '6 minutes'")
    assert run_schedule("offboard")["erasures"] == 1
    assert where(database_url) == []
    assert query("SELECT finished_at IS NOT NULL AS done, event_count FROM erasures") == [
        {"done": True, "event_count": 4}
    ]
    assert run_schedule("offboard")["erasures"] == 0
