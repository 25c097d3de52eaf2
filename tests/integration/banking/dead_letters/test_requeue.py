"""Requeue: an event goes out again by redeliver's rules, another letter into its own queue as it was."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pika
import pytest

from chalicelib.banking.dead_letters import requeue as requeuing
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from tests.integration.banking.dead_letters.kept import (
    everything,
    keep_letter,
    requeue,
    see_empty_queue,
)
from tests.integration.banking.events.test_dead_letters import (
    delete_queue,
    letters_waiting,
    put_letter,
    reject_next,
    sweep,
)
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.broker import channel, take
from tests.support.fixtures import Query
from tests.support.waiting import eventually


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}


def letter_of(query: Query, dead_letter_id: str) -> dict[str, Any]:
    sql = "SELECT * FROM dead_letters WHERE dead_letter_id = %(id)s"
    return query(sql, id=dead_letter_id)[0]


def messages(url: str, bank: Bank) -> list[tuple[bytes, pika.BasicProperties]]:
    """Take all that is in the bank's queue."""
    taken: list[tuple[bytes, pika.BasicProperties]] = []
    with channel(url) as ch:
        queue = queue_name(bank.name)
        held = ch.queue_declare(queue, passive=True).method.message_count
        for method, properties, body in ch.consume(queue, inactivity_timeout=0.1):
            if method is not None:
                taken.append((body, properties))
                ch.basic_ack(method.delivery_tag)
            elif len(taken) >= held:
                break
        ch.cancel()
    return taken


def test_matched_letter_sends_its_event(
    bank: Bank, rabbitmq_url: str, parts: Parts, query: Query
) -> None:
    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")
    sweep()
    (letter,) = bank.api.get("/dead-letters/list").data["dead_letters"]
    see_empty_queue(parts, bank)

    reply = requeue(bank.api, dead_letter_ids=[letter["dead_letter_id"]])

    assert reply.data["summary"] == {
        "total_pending": 1, "attempted": 1, "succeeded": 1, "failed": 0, "skipped": 0
    }  # fmt: skip
    (delivery,) = take(rabbitmq_url, bank.name, 1)
    assert delivery.body["event_id"] == event_id
    assert delivery.properties.headers["deliver_try_count"] == 1
    event = bank.api.get("/events/data", event_id=event_id).data
    assert event["deliver_status"] == "pending"
    assert event["dead_letters"][0]["requeued_at"]
    kept = letter_of(query, letter["dead_letter_id"])
    assert (kept["resolved_by"], kept["resolved_reason"]) == (bank.name, "the program is mended")
    (attempt,) = query("SELECT by, outcome FROM event_attempts")
    assert attempt == {"by": "requeue", "outcome": "confirmed"}


def test_event_in_queue_stays_open(bank: Bank, event_id: str, query: Query) -> None:
    """Nobody has looked whether its queue is empty, so redeliver leaves it out."""
    letter = keep_letter(query, bank, event_id)

    reply = requeue(bank.api, dead_letter_ids=[letter])

    assert (reply.data["summary"]["attempted"], reply.data["summary"]["skipped"]) == (0, 1)
    assert letter_of(query, letter)["resolved_at"] is None


def test_unmatched_letter_goes_back_unchanged(
    bank: Bank, admin: Api, rabbitmq_url: str, query: Query
) -> None:
    body = b"\xff\x00 no json"
    headers = {
        "customer": "7", "CC": [queue_name("somebody")], "BCC": ["x"], "x-death": [{"count": 3}]
    }  # fmt: skip
    put_letter(rabbitmq_url, bank, body, message_id="m", headers=headers, content_type="a/b")
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the letter")
    sweep()
    (letter,) = admin.get("/dead-letters/list").data["dead_letters"]

    reply = requeue(admin, dead_letter_ids=[letter["dead_letter_id"]])

    assert (reply.data["summary"]["succeeded"], reply.data["failed_letters"]) == (1, [])
    ((found, properties),) = messages(rabbitmq_url, bank)
    assert (found, properties.headers) == (body, {"customer": "7"})
    assert (properties.message_id, properties.content_type) == ("m", "a/b")
    kept = letter_of(query, letter["dead_letter_id"])
    assert kept["resolved_by"] == "system_default"
    assert kept["requeued_at"] is not None


@pytest.mark.parametrize("properties", ['{"unreadable": "x"}', '{"headers": {"n": 1e400}}', "{}"])
def test_unreadable_properties_are_left_out(
    bank: Bank, admin: Api, rabbitmq_url: str, query: Query, properties: str
) -> None:
    kept = properties.replace("1e400", "99999999999999999999")
    letter = keep_letter(query, bank, body=b"b", properties=kept)

    assert requeue(admin, dead_letter_ids=[letter]).data["summary"]["succeeded"] == 1

    ((body, _),) = messages(rabbitmq_url, bank)
    assert body == b"b"


def test_filter_takes_all_in_order(
    bank: Bank, admin: Api, rabbitmq_url: str, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requeuing, "PAGE", 3)
    monkeypatch.setattr(requeuing, "BATCH", 2)
    for number in range(7):
        keep_letter(query, bank, body=b"%d" % number, reason="expired")
    keep_letter(query, bank)

    reply = requeue(admin, death_reason="expired", consumer_id=bank.consumer_id)

    assert reply.data["summary"]["succeeded"] == 7
    assert [body for body, _ in messages(rabbitmq_url, bank)] == [b"%d" % n for n in range(7)]


def test_missing_queue_is_a_conflict(
    bank: Bank, admin: Api, rabbitmq_url: str, query: Query
) -> None:
    letter = keep_letter(query, bank)
    delete_queue(rabbitmq_url, queue_name(bank.name))

    reply = requeue(admin, dead_letter_ids=[letter])

    assert (reply.status, reply.description) == (409, requeuing.NO_QUEUE)
    assert letter_of(query, letter)["resolved_at"] is None


def test_rewind_holds_letters_back(bank: Bank, admin: Api, query: Query) -> None:
    """Its worker makes the queue anew: what came into it before would be lost."""
    letter = keep_letter(query, bank)
    rewind = {"consumer_id": bank.consumer_id, "from": "2026-01-01T00:00:00Z", "reason": "a test"}
    assert admin.post("/events/rewind", **rewind).status in {200, 201, 202}

    reply = requeue(admin, dead_letter_ids=[letter])

    assert (reply.data["summary"]["attempted"], reply.data["summary"]["skipped"]) == (0, 1)


def test_resolved_letter_is_a_conflict(bank: Bank, admin: Api, query: Query) -> None:
    one, other = keep_letter(query, bank), keep_letter(query, bank)
    assert requeue(admin, dead_letter_ids=[one]).status == 200

    reply = requeue(admin, dead_letter_ids=[one, other])

    assert reply.status == 409
    assert one in reply.description
    assert letter_of(query, other)["resolved_at"] is None
    rows = query("SELECT status_code FROM audit_log WHERE action = 'POST /dead-letters/requeue'")
    assert sorted(row["status_code"] for row in rows) == [200, 409]


def test_tenants_requeue_their_matched_letters_only(
    make_bank: Callable[[], Bank], event_id: str, bank: Bank, query: Query
) -> None:
    other = make_bank()
    matched, unmatched = keep_letter(query, bank, event_id), keep_letter(query, bank)

    foreign = requeue(other.api, dead_letter_ids=[matched])
    assert (foreign.status, foreign.body) == (
        404,
        requeue(other.api, dead_letter_ids=[str(uuid.uuid4())]).body,
    )
    assert requeue(other.api, consumer_id=bank.consumer_id).status == 404
    assert requeue(bank.api, dead_letter_ids=[matched, unmatched]).status == 403
    assert requeue(bank.api, matched=False).status == 403
    assert requeue(bank.api, consumer_id=bank.consumer_id).data["summary"]["total_pending"] == 1
    assert letter_of(query, unmatched)["resolved_at"] is None


@pytest.mark.parametrize(
    "body", [{}, {"dead_letter_ids": [str(uuid.uuid4())], "matched": True}, {"dead_letter_ids": []}]
)
def test_requeue_has_to_say_which(admin: Api, body: dict[str, Any]) -> None:
    assert requeue(admin, **body).status == 422


def test_requeue_needs_a_reason(admin: Api, bank: Bank, query: Query) -> None:
    letter = keep_letter(query, bank)

    reply = admin.post("/dead-letters/requeue", dead_letter_ids=[letter])

    assert (reply.status, reply.description) == (422, "reason: is required")


def test_dry_run_writes_nothing(
    bank: Bank, admin: Api, event_id: str, query: Query, rabbitmq_url: str
) -> None:
    letters = [keep_letter(query, bank, event_id), keep_letter(query, bank)]
    messages(rabbitmq_url, bank)
    before = everything(query)

    reply = admin.post("/dead-letters/requeue", dead_letter_ids=letters, dry_run=True)

    assert reply.status == 200, reply
    told = reply.data
    assert (told["matched"], told["exact"], told["customers"], told["late"]) == (2, True, 1, 0)
    assert told["by_state"] == {"dead_lettered": 1, "unmatched": 1}
    assert told["tenants"] == [
        {"consumer_id": bank.consumer_id, "consumer_name": bank.name, "events": 2}
    ]
    assert told["oldest"] < told["newest"]
    assert told["summary"]["attempted"] == 0
    assert len(told["warnings"]) == 1
    assert everything(query) == before
    assert messages(rabbitmq_url, bank) == []


def test_count_that_grew_stops_the_act(bank: Bank, admin: Api, query: Query) -> None:
    for _ in range(11):
        keep_letter(query, bank)

    reply = requeue(admin, consumer_id=bank.consumer_id, expected_count=0)

    assert reply.status == 409
    assert "0 were expected and 11 would be hit" in reply.description
    assert query("SELECT * FROM dead_letters WHERE resolved_at IS NOT NULL") == []


def test_double_click_acts_once(bank: Bank, admin: Api, rabbitmq_url: str, query: Query) -> None:
    letter = keep_letter(query, bank)
    body = {"dead_letter_ids": [letter], "reason": "clicked twice"}
    key = {"Idempotency-Key": "one dialog"}

    def click() -> Any:
        return admin("POST", "/dead-letters/requeue", body, headers=key)

    first, second = together([click, click])

    assert (first.status, first.data) == (second.status, second.data)
    assert len(messages(rabbitmq_url, bank)) == 1


def test_two_operators_send_it_once(
    bank: Bank, admin: Api, rabbitmq_url: str, query: Query
) -> None:
    letter = keep_letter(query, bank)

    replies = together([lambda: requeue(admin, dead_letter_ids=[letter])] * 2)

    assert {reply.status for reply in replies} <= {200, 409}
    assert len(messages(rabbitmq_url, bank)) == 1


def test_audit_row_tells_the_act(bank: Bank, admin: Api, query: Query) -> None:
    letter = keep_letter(query, bank)

    requeue(admin, dead_letter_ids=[letter])

    (row,) = query("SELECT * FROM audit_log WHERE action = 'POST /dead-letters/requeue'")
    assert row["reason"] == "the program is mended"
    assert row["subject_consumer_id"] == bank.consumer_id
    details: Any = row["details"]
    assert details["filter"] == {"dead_letter_ids": [letter]}
    assert details["counts"]["succeeded"] == 1


def test_tenants_act_is_audited_too(bank: Bank, event_id: str, query: Query) -> None:
    letter = keep_letter(query, bank, event_id)

    requeue(bank.api, dead_letter_ids=[letter])

    (row,) = query("SELECT * FROM audit_log WHERE action = 'POST /dead-letters/requeue'")
    assert (row["consumer_id"], row["subject_consumer_id"]) == (bank.consumer_id, None)
    assert json.dumps(row["details"])
