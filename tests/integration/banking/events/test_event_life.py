"""GET /events/data and /events/lane: an event's steps, who held it for how long, its customer's lane."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events.life import IN_HAND, NOT_TRIED
from chalicelib.banking.events.topology import queue_name
from local.banking.queue_figures import Figures
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.schedules import run_schedule

NO_BROKER = "amqp://127.0.0.1:1/%2F"
OWN = "SELECT * FROM customer_events WHERE consumer_id = %(id)s ORDER BY created_at, sequence"
SIDES = ("ours_ms", "held_back_ms", "queue_ms", "bank_ms")
SCRAMBLE = """
UPDATE customer_events SET
    publish_status = %(publish)s, deliver_status = %(deliver)s,
    published_at = CASE WHEN %(publish)s = 'published' THEN created_at + %(a)s * interval '1 ms' END,
    delivered_at = CASE WHEN %(deliver)s = 'delivered' THEN created_at + %(b)s * interval '1 ms' END,
    deliver_failure_reason = CASE WHEN %(deliver)s = 'failed' THEN %(reason)s END,
    publish_last_tried_at = created_at + %(c)s * interval '1 ms'
WHERE event_id = %(event)s;
INSERT INTO consumer_event_receipts
    (consumer_id, event_id, customer_id, event_type, processing_status, created_at, updated_at)
SELECT consumer_id, event_id, customer_id, event_type, %(receipt)s,
       created_at + %(b)s * interval '1 ms', created_at + %(c)s * interval '1 ms'
FROM customer_events WHERE event_id = %(event)s AND %(receipt)s IS NOT NULL;
INSERT INTO dead_letters
    (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint, created_at)
SELECT 'q', consumer_id, event_id, 'rejected', '', '{}', event_id::text,
       created_at + %(c)s * interval '1 ms'
FROM customer_events WHERE event_id = %(event)s AND %(reason)s LIKE 'dead-lettered: %%'
"""


def events_of(query: Query, bank: Bank) -> list[dict[str, Any]]:
    return query(OWN, id=bank.consumer_id)


def life(api: Api, event_id: object, **fields: object) -> dict[str, Any]:
    reply = api.get("/events/data", event_id=event_id, **fields)
    assert reply.status == 200, reply
    return reply.data


def steps(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["step"], step["outcome"]) for step in event["timeline"]]


def test_plain_life_has_four_steps(bank: Bank, query: Query) -> None:
    bank.api("POST", "/customer/data", {"name": "Ada"}, headers={"X-Request-Id": "look-here"})
    (row,) = events_of(query, bank)
    for status in ("received", "processed"):
        query(
            "SELECT pg_sleep(0.002)"
        )  # two words of the bank are told apart from a millisecond on
        bank.api.post("/events/confirm-delivery", event_id=row["event_id"], status=status)

    event = life(bank.api, row["event_id"])

    assert steps(event) == [
        ("committed", "committed"),
        ("published", "confirmed"),
        ("received", "received"),
        ("processed", "processed"),
    ]
    assert event["state"] == "processed"
    assert event["request_id"] == "look-here"
    assert event["trace_id"] == str(row["event_id"]).replace("-", "")
    assert event["attempts"] == []
    assert query("SELECT * FROM event_attempts") == []


def test_outage_and_resend_are_told(bank: Bank, query: Query, environment: dict[str, str]) -> None:
    with parts_with(environment, RABBITMQ_URL=NO_BROKER):
        customer_id = bank.create_customer()
        bank.api(
            "PATCH", "/customer/change-status", {"customer_id": customer_id, "status": "INACTIVE"}
        )
    run_schedule("resend")
    head, behind = (life(bank.api, row["event_id"]) for row in events_of(query, bank))

    assert steps(head) == [
        ("committed", "committed"),
        ("publish_attempt", "unsent"),
        ("published", "confirmed"),
    ]
    assert head["timeline"][1]["words"]
    assert [step["by"] for step in head["timeline"][1:]] == ["request", "resend"]
    assert steps(behind)[:2] == [("committed", "committed"), ("held_back", "released")]
    assert behind["timeline"][1]["by"] == "number 1"
    assert behind["durations"]["held_back_ms"] > 0


def test_redelivery_names_its_request(
    bank: Bank, query: Query, environment: dict[str, str]
) -> None:
    bank.create_customer()
    (row,) = events_of(query, bank)
    at_once = {"DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}
    with parts_with(environment, **at_once) as parts:
        for asked in ("look-here", None):
            keep(parts.sweep_database, [Figures(queue_name(bank.name), 0, 0)], 0)
            if asked:
                body = {"period_in_days": 1}
                bank.api("POST", "/events/redeliver", body, headers={"X-Request-Id": asked})
            else:
                query("UPDATE customer_events SET deliver_last_tried_at = created_at")
                run_schedule("redeliver")

    event = life(bank.api, row["event_id"])

    again = [step["by"] for step in event["timeline"] if step["step"] == "redelivered"]
    assert again[0] == "redeliver, by request look-here"
    assert event["attempts"][0]["caused_by"] == "look-here"
    assert event["state"] == "in_queue"
    assert event["durations"]["bank_ms"] == 0


def test_given_up_head_ends(bank: Bank, query: Query, admin: Api) -> None:
    write_pending(query, bank.consumer_id, events_each=2)
    head, waiting = events_of(query, bank)
    admin.post("/events/skip-head", customer_id=head["customer_id"], reason="a ticket")

    event, other = life(bank.api, head["event_id"]), life(bank.api, waiting["event_id"])

    assert steps(event)[-1] == ("given_up", "given_up")
    assert "a ticket" in event["timeline"][-1]["words"]
    assert event["state"] == "publish_failed"
    assert ("held_back", "released") in steps(other)
    assert life(bank.api, head["event_id"])["durations"] == event["durations"]


def test_durations_add_up_for_any_history(bank: Bank, query: Query) -> None:
    chance = random.Random(20)
    write_pending(query, bank.consumer_id, customers=3, events_each=10)
    rows = events_of(query, bank)
    for row in rows:
        publish, deliver = chance.choice(
            [("pending", "pending"), ("failed", "pending")]
            + [("published", each) for each in ("pending", "delivered", "failed")]
        )
        query(
            SCRAMBLE,
            event=row["event_id"],
            publish=publish,
            deliver=deliver,
            receipt=chance.choice([None, "received", "processed", "failed"]),
            reason=chance.choice(["refused", "dead-lettered: rejected"]),
            **{name: chance.randrange(30_000) for name in "abc"},
        )

    for row in rows:
        event = life(bank.api, row["event_id"])
        told = event["durations"]
        assert sum(told[side] for side in SIDES) == told["total_ms"]
        assert min(told.values()) >= 0
        times = [step["at"] for step in event["timeline"]]
        assert times == sorted(times)


def test_message_is_left_out_and_audited(bank: Bank, query: Query, admin: Api) -> None:
    bank.create_customer()
    (row,) = events_of(query, bank)
    looked = (
        "SELECT * FROM audit_log WHERE subject_consumer_id = %(id)s AND action = 'GET /events/data'"
    )

    assert life(admin, row["event_id"], payload="false")["payload"] is None
    assert query(looked, id=bank.consumer_id) == []
    assert life(bank.api, row["event_id"])["payload"]["name"] == "Jane Roe"
    assert query(looked, id=bank.consumer_id) == []
    assert life(admin, row["event_id"])["payload"]["name"] == "Jane Roe"
    assert len(query(looked, id=bank.consumer_id)) == 1


def test_lane_names_head_and_waiting(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, events_each=104)
    rows = events_of(query, bank)
    first = "UPDATE customer_events SET publish_status = 'published', published_at = now() "
    query(first + "WHERE event_id = %(id)s", id=rows[0]["event_id"])
    bank.api.post("/events/confirm-delivery", event_id=rows[0]["event_id"], status="processed")

    lane = bank.api.get("/events/lane", customer_id=rows[0]["customer_id"]).data
    place = life(bank.api, rows[3]["event_id"])["lane"]

    assert lane["head"]["event_id"] == rows[1]["event_id"]
    assert lane["head"]["state"] == "waiting"
    assert [each["sequence"] for each in lane["waiting"]] == list(range(3, 103))
    assert {each["state"] for each in lane["waiting"]} == {"held_back"}
    assert lane["waiting_count"] == 102
    assert lane["last_processed_sequence"] == 1
    assert lane["held_reason"] == "the broker was away"
    assert lane["held_since"] == lane["waiting"][0]["created_at"]
    expected = {"position": 2, "head_event_id": rows[1]["event_id"], "waiting_behind": 100}
    assert place == expected


@pytest.mark.parametrize(("age_seconds", "words"), [(0, IN_HAND), (1_680, NOT_TRIED)])
def test_only_young_heads_are_in_hand(
    bank: Bank, query: Query, age_seconds: float, words: str
) -> None:
    """A request publishes what it wrote for some seconds; after that the schedule does."""
    write_pending(query, bank.consumer_id, events_each=2, age_seconds=age_seconds)
    query("UPDATE customer_events SET publish_failure_reason = NULL")

    customer = events_of(query, bank)[0]["customer_id"]
    lane = bank.api.get("/events/lane", customer_id=customer).data

    assert lane["held_reason"] == words


def test_lane_counts_given_up_events(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id)
    query("UPDATE customer_events SET publish_status = 'failed' WHERE publish_status = 'pending'")

    customer_id = events_of(query, bank)[0]["customer_id"]
    lane = bank.api.get("/events/lane", customer_id=customer_id).data

    assert (lane["head"], lane["given_up_count"]) == (None, 1)


def test_idle_lane_is_empty(bank: Bank) -> None:
    customer_id = bank.create_customer()

    lane = bank.api.get("/events/lane", customer_id=customer_id).data

    assert (lane["head"], lane["waiting"], lane["waiting_count"]) == (None, [], 0)
    assert (lane["held_since"], lane["held_reason"]) == (None, None)


def test_foreign_lane_looks_absent(make_bank: Callable[[], Bank]) -> None:
    owner, other = make_bank(), make_bank()
    customer_id = owner.create_customer()

    foreign = other.api.get("/events/lane", customer_id=customer_id)
    missing = other.api.get("/events/lane", customer_id=uuid.uuid4())

    assert foreign.status == 404
    assert foreign.body == missing.body


def test_request_id_stays_at_home(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    bank.create_customer()
    (row,) = events_of(query, bank)

    assert row["metadata_json"]["request_id"]
    (delivery,) = drain(rabbitmq_url, bank.name)
    assert "request_id" not in str(delivery)
