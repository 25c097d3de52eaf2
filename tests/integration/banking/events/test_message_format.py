"""A consumer's format: whoever sends an event, now or again, sends it as the consumer has chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from xmlschema import XMLSchema10

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events import rewind_worker
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.tenants import ADMIN_ID, ADMIN_NAME
from chalicelib.banking.wiring import Parts
from fintegrate.messaging.message import Message
from fintegrate.outcome import Outcome, Result
from local.banking.consumer.xml_messages import read_fields
from local.banking.documents.message_xsd import messages_xsd
from local.banking.queue_figures import Figures
from tests.integration.banking.dead_letters.kept import keep_letter, requeue
from tests.integration.banking.events.test_dead_letters import letters_waiting, reject_next, sweep
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import queued
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

Taken = Callable[[Bank, int], list[dict[str, Any]]]
NAME = "Żółć & Söhne <AG>\r\n"
FAILED = """
UPDATE customer_events
SET publish_status = 'failed', published_at = NULL, publish_try_count = 10,
    publish_failure_reason = 'NO_ROUTE'
WHERE consumer_id = %(consumer_id)s AND sequence = 1
"""


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {
        **environment,
        "DELIVERY_GRACE_SECONDS": "0",
        "QUEUE_FIGURES_DELAY_SECONDS": "0",
        "PUBLISH_HANDOFF_SECONDS": "1",
    }


@pytest.fixture
def taken(rabbitmq_url: str) -> Taken:
    """Takes messages out of a bank's queue. All must be XML that fits the schema."""
    schema = XMLSchema10(messages_xsd())

    def take(bank: Bank, count: int) -> list[dict[str, Any]]:
        messages = queued(rabbitmq_url, bank.name, count)
        for properties, body in messages:
            assert properties.content_type == "application/xml"
            schema.validate(body)
        return [read_fields(body) for _, body in messages]

    return take


@pytest.fixture
def sent_in_json(bank: Bank, query: Query, admin: Api, rabbitmq_url: str) -> Bank:
    """A bank that chose XML after three events of a customer had been sent to it in JSON."""
    write_pending(query, bank.consumer_id, events_each=3)
    bank.api.post("/events/resend", period_in_days=1)
    messages = queued(rabbitmq_url, bank.name, 3)
    assert {properties.content_type for properties, _ in messages} == {"application/json"}
    choose(admin, bank.consumer_id, "xml")
    return bank


def choose(admin: Api, consumer_id: str, message_format: str) -> dict[str, Any]:
    reply = admin.post("/consumer/format", consumer_id=consumer_id, message_format=message_format)
    assert reply.status == 200, reply
    return reply.data


def see_empty_queue(parts: Parts, bank: Bank) -> None:
    keep(parts.sweep_database, [Figures(queue_name(bank.name), 0, 0)], 0)


def sequences(messages: list[dict[str, Any]]) -> list[str]:
    return [message["metadata"]["sequence"] for message in messages]


def test_format_is_shown_and_changed(admin: Api, bank: Bank) -> None:
    before = admin.get("/consumer/data", consumer_id=bank.consumer_id).data

    changed = choose(admin, bank.consumer_id, "xml")
    again = choose(admin, bank.consumer_id, "xml")

    shown = bank.api.get("/consumer/data", consumer_id=bank.consumer_id).data
    assert (before["message_format"], shown["message_format"]) == ("json", "xml")
    assert changed == again == {"consumer_id": bank.consumer_id, "message_format": "xml",
                                "updated_at": shown["updated_at"]}  # fmt: skip
    assert before["updated_at"] < changed["updated_at"]
    listed = {
        row["name"]: row["message_format"] for row in admin.get("/consumer/list").data["consumers"]
    }
    assert listed == {ADMIN_NAME: "json", bank.name: "xml"}


@pytest.mark.parametrize("message_format", ["XML", "yaml", "", None, 1])
def test_other_format_is_refused(admin: Api, bank: Bank, message_format: object) -> None:
    reply = admin.post(
        "/consumer/format", consumer_id=bank.consumer_id, message_format=message_format
    )

    assert reply.status == 422
    assert reply.description.startswith("message_format: ")


def test_bank_may_not_choose_itself(bank: Bank) -> None:
    reply = bank.api.post("/consumer/format", consumer_id=bank.consumer_id, message_format="xml")

    assert reply.status == 403


def test_requests_send_the_format(admin: Api, bank: Bank, taken: Taken) -> None:
    choose(admin, bank.consumer_id, "xml")
    customer_id = bank.create_customer(NAME.strip())
    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
    bank.api.delete("/customer/data", customer_id=customer_id)

    messages = taken(bank, 3)

    assert [message["event_type"] for message in messages] == [
        "customer_creation", "customer_status_change", "customer_deletion"
    ]  # fmt: skip
    assert sequences(messages) == ["1", "2", "3"]
    facts = {"customer_id": customer_id, "name": NAME.strip()}
    assert messages[0]["data"] == {**facts, "status": "ACTIVE"}
    assert messages[2]["data"] == {**facts, "status": "INACTIVE"}
    assert not {"key_id", "request_id", "traceparent"} & messages[0]["metadata"].keys()


def test_admins_events_have_the_admins_format(
    admin: Api, make_bank: Callable[[], Bank], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything on this broker shares the admin's queue, so nothing is sent to it."""
    sent: list[Message] = []

    def publish(messages: Sequence[Message], _seconds: float) -> list[Outcome]:
        sent.extend(messages)
        return [Outcome(Result.CONFIRMED) for _ in messages]

    choose(admin, ADMIN_ID, "xml")
    monkeypatch.setattr(parts.publisher, "publish", publish)

    created = make_bank()

    (message,) = sent
    assert message.properties.content_type == "application/xml"
    XMLSchema10(messages_xsd()).validate(message.body)
    facts = {"consumer_id": created.consumer_id, "consumer_name": created.name}
    assert read_fields(message.body)["data"] == facts


def test_resend_sends_the_format(admin: Api, bank: Bank, query: Query, taken: Taken) -> None:
    write_pending(query, bank.consumer_id, events_each=3)
    choose(admin, bank.consumer_id, "xml")

    bank.api.post("/events/resend", period_in_days=1)

    assert sequences(taken(bank, 3)) == ["1", "2", "3"]


def test_redelivery_sends_the_format(sent_in_json: Bank, parts: Parts, taken: Taken) -> None:
    see_empty_queue(parts, sent_in_json)

    sent_in_json.api.post("/events/redeliver", period_in_days=1)

    assert sequences(taken(sent_in_json, 3)) == ["1", "2", "3"]


def test_late_event_has_the_format(sent_in_json: Bank, query: Query, taken: Taken) -> None:
    query(FAILED, consumer_id=sent_in_json.consumer_id)

    sent_in_json.api.post(
        "/events/resend", period_in_days=1, include_failed=True, include_late=True
    )

    (message,) = taken(sent_in_json, 1)
    assert (message["metadata"]["sequence"], message["metadata"]["late"]) == ("1", "true")


def test_requeue_sends_the_format(
    sent_in_json: Bank, query: Query, parts: Parts, taken: Taken
) -> None:
    (event,) = query("SELECT event_id FROM customer_events WHERE source_service = 'test' LIMIT 1")
    letter = keep_letter(query, sent_in_json, str(event["event_id"]))
    see_empty_queue(parts, sent_in_json)

    requeue(sent_in_json.api, dead_letter_ids=[letter])

    assert [message["event_id"] for message in taken(sent_in_json, 1)] == [event["event_id"]]


def test_replay_sends_the_format(sent_in_json: Bank, taken: Taken) -> None:
    reply = sent_in_json.api.post("/replay/data", per_second=500, reason="the bank lost them")
    assert reply.status == 201, reply

    run_schedule("replay")

    assert sequences(taken(sent_in_json, 3)) == ["1", "2", "3"]


@pytest.fixture
def quick_rewind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishers are through after a second, where operation waits ten."""
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)


def test_rewind_sends_the_format(
    admin: Api, sent_in_json: Bank, taken: Taken, quick_rewind: None
) -> None:
    job = {"consumer_id": sent_in_json.consumer_id}
    assert admin.post("/events/rewind", **job, reason="the bank lost them").status < 300

    eventually(
        lambda: (
            run_schedule("rewind") and admin.get("/events/rewind", **job).data["status"] == "done"
        )
    )

    assert sequences(taken(sent_in_json, 3)) == ["1", "2", "3"]


def test_return_to_json_holds_as_well(
    admin: Api, sent_in_json: Bank, parts: Parts, rabbitmq_url: str
) -> None:
    choose(admin, sent_in_json.consumer_id, "json")
    see_empty_queue(parts, sent_in_json)

    sent_in_json.api.post("/events/redeliver", period_in_days=1)

    messages = queued(rabbitmq_url, sent_in_json.name, 3)
    assert {properties.content_type for properties, _ in messages} == {"application/json"}


def test_event_is_shown_in_json(sent_in_json: Bank, query: Query) -> None:
    (event,) = query("SELECT event_id FROM customer_events WHERE source_service = 'test' LIMIT 1")

    shown = sent_in_json.api.get("/events/data", event_id=event["event_id"], payload=True)

    assert shown.data["payload"]["name"] == "Test"


def test_dead_letter_fails_its_event(admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    choose(admin, bank.consumer_id, "xml")
    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")

    assert sweep() == {"kept": 1, "unmatched": 0, "superseded": 0}

    assert bank.api.get("/events/data", event_id=event_id).data["deliver_status"] == "failed"


def test_letter_of_an_older_epoch_is_superseded(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    choose(admin, bank.consumer_id, "xml")
    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")
    query("UPDATE recovery SET epoch = epoch + 1")

    assert sweep() == {"kept": 1, "unmatched": 0, "superseded": 1}

    assert bank.api.get("/events/data", event_id=event_id).data["deliver_status"] == "pending"
