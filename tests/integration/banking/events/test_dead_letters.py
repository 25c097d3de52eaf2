"""The dead-letter sweep: kept as it came, told to its event, acknowledged last."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pika
import pytest

from chalicelib.banking.events import dead_letters
from chalicelib.banking.events.confirm_delivery import SQL as RECEIPTS
from chalicelib.banking.events.dead_letters import LettersStuck
from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from chalicelib.banking.schedules.sweep_dead_letters import sweep_dead_letters
from chalicelib.banking.wiring import Parts
from fintegrate.database import Database
from tests.integration.banking.events.test_order import SCHEDULE
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import channel
from tests.support.fixtures import Query
from tests.support.waiting import eventually

CONFIRM = RECEIPTS["confirm"]
WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def reject_next(url: str, bank: Bank) -> str:
    """The consumer refuses its next message for good; the event's id."""
    with channel(url) as ch:
        for method, properties, _ in ch.consume(queue_name(bank.name), inactivity_timeout=60):
            assert method is not None
            ch.basic_reject(method.delivery_tag, requeue=False)
            ch.cancel()
            return str(properties.message_id)
    raise AssertionError("no message")


def letters_waiting(url: str, bank: Bank) -> int:
    with channel(url) as ch:
        queue = ch.queue_declare(dead_letter_queue_name(bank.name), passive=True)
        return int(queue.method.message_count)


def delete_queue(url: str, name: str) -> None:
    with channel(url) as ch:
        ch.queue_delete(name)


def put_letter(url: str, bank: Bank, body: bytes, **properties: Any) -> None:
    with channel(url) as ch:
        ch.basic_publish(
            "", dead_letter_queue_name(bank.name), body, pika.BasicProperties(**properties)
        )


def sweep() -> dict[str, Any]:
    summary: dict[str, Any] = sweep_dead_letters(SCHEDULE, None)
    return summary


def test_rejected_message_fails_its_event(bank: Bank, rabbitmq_url: str, query: Query) -> None:
    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")

    sweep()

    event = bank.api.get("/events/data", event_id=event_id).data
    assert event["deliver_status"] == "failed"
    assert "rejected" in event["deliver_failure_reason"]
    assert len(event["dead_letters"]) == 1
    assert letters_waiting(rabbitmq_url, bank) == 0
    (kept,) = query("SELECT body FROM dead_letters")
    assert event_id.encode() in bytes(kept["body"])


def test_consumers_own_reason_stays(bank: Bank, rabbitmq_url: str) -> None:
    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    bank.api.post(
        "/events/confirm-delivery", event_id=event_id, status="failed", failure_reason="no branch"
    )
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")

    sweep()

    event = bank.api.get("/events/data", event_id=event_id).data
    assert event["deliver_failure_reason"] == "no branch"


def test_processed_event_stays_delivered(bank: Bank, rabbitmq_url: str) -> None:
    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    bank.api.post("/events/confirm-delivery", event_id=event_id, status="processed")
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")

    sweep()

    assert bank.api.get("/events/data", event_id=event_id).data["deliver_status"] == "delivered"


def test_concurrent_confirmation_beats_dead_letter(
    bank: Bank, rabbitmq_url: str, query: Query, database_url: str
) -> None:
    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")
    confirming = Database(database_url)
    own = {"event_id": event_id, "consumer_id": bank.consumer_id}
    said = {"status": "processed", "received_at": None, "failure_reason": None}
    with ThreadPoolExecutor(1) as pool:
        with confirming.transaction():
            assert confirming.fetch_one(CONFIRM, {**own, **said})
            swept = pool.submit(sweep)
            eventually(lambda: query(WAITING), "the sweep waits for the confirmation")
        swept.result()
    confirming.close()

    event = bank.api.get("/events/data", event_id=event_id).data
    assert (event["deliver_status"], event["receipts"][0]["processing_status"]) == (
        "delivered",
        "processed",
    )


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        (b"\xff\x00 not json", {}),
        (b"[1, 2]", {"message_id": "not-a-uuid"}),
        (b'{"event_id": "11111111-1111-1111-1111-111111111111"}', {}),
        (
            b"{}",
            {
                "headers": {
                    "nul": "a\x00b",
                    "when": datetime(2026, 1, 1, tzinfo=UTC),
                    "nested": {"x": [b"\x00"]},
                }
            },
        ),
        (b"", {"headers": {"x-death": "not a list", "x-first-death-reason": "\x00"}}),
    ],
)
def test_dead_letter_without_event_is_kept(
    bank: Bank, rabbitmq_url: str, query: Query, body: bytes, properties: dict[str, Any]
) -> None:
    put_letter(rabbitmq_url, bank, body, **properties)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the letter")

    assert sweep() == {"kept": 1, "unmatched": 1, "superseded": 0}

    (kept,) = query("SELECT body, event_id FROM dead_letters")
    assert (bytes(kept["body"]), kept["event_id"]) == (body, None)
    assert bank.api.get("/events/health").data["unmatched_dead_letter_count"] == 1
    assert letters_waiting(rabbitmq_url, bank) == 0


def test_dead_letter_spares_foreign_event(make_bank: Any, rabbitmq_url: str, query: Query) -> None:
    victim, other = make_bank(), make_bank()
    victim.create_customer()
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s", id=victim.consumer_id
    )
    put_letter(rabbitmq_url, other, b"{}", message_id=row["event_id"])
    eventually(lambda: letters_waiting(rabbitmq_url, other) == 1, "the letter")

    sweep()

    event = victim.api.get("/events/data", event_id=row["event_id"]).data
    assert (event["deliver_status"], event["dead_letters"]) == ("pending", [])


def test_redelivered_dead_letter_is_kept_once(
    bank: Bank, rabbitmq_url: str, query: Query, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.create_customer()
    reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")

    class Died(BaseException):
        """The process is gone after the commit, before the acknowledgement."""

    def die(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(dead_letters.BlockingChannel, "basic_ack", die)
        with pytest.raises(Died):
            dead_letters.sweep_dead_letters(parts.sweep_database, rabbitmq_url, 5)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the letter is back")

    assert sweep()["kept"] == 0

    assert len(query("SELECT * FROM dead_letters")) == 1
    assert letters_waiting(rabbitmq_url, bank) == 0


def test_foreign_dead_letters_are_hidden(make_bank: Any, rabbitmq_url: str, admin: Api) -> None:
    mine, other = make_bank(), make_bank()
    put_letter(rabbitmq_url, other, uuid.uuid4().bytes)
    eventually(lambda: letters_waiting(rabbitmq_url, other) == 1, "the letter")

    sweep()

    assert mine.api.get("/events/health").data["unmatched_dead_letter_count"] == 0
    assert admin.get("/events/health").data["unmatched_dead_letter_count"] == 1


def test_many_letters_delay_no_other_bank(
    make_bank: Callable[[], Bank],
    rabbitmq_url: str,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dead_letters, "BATCH", 10)
    many, few = make_bank(), make_bank()
    with channel(rabbitmq_url) as ch:
        for number in range(50):
            ch.basic_publish("", dead_letter_queue_name(many.name), b"%d" % number)
    put_letter(rabbitmq_url, few, b"the only one")
    eventually(lambda: letters_waiting(rabbitmq_url, many) == 50, "the letters")
    eventually(lambda: letters_waiting(rabbitmq_url, few) == 1, "the letter")

    assert sweep()["kept"] == 51

    (row,) = query(
        "SELECT count(*) AS before FROM dead_letters WHERE created_at <"
        " (SELECT created_at FROM dead_letters WHERE consumer_id = %(few)s)",
        few=few.consumer_id,
    )
    assert row["before"] <= 10


def test_one_connection_serves_all_banks(
    make_bank: Callable[[], Bank], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_bank()
    opened = []
    connect = pika.BlockingConnection

    def counted(parameters: pika.URLParameters) -> pika.BlockingConnection:
        opened.append(parameters)
        return connect(parameters)

    monkeypatch.setattr(dead_letters.pika, "BlockingConnection", counted)

    sweep()

    assert len(opened) == 1


def test_missing_dead_letter_queue_is_declared(
    make_bank: Callable[[], Bank], rabbitmq_url: str, query: Query
) -> None:
    bank, other = make_bank(), make_bank()
    delete_queue(rabbitmq_url, dead_letter_queue_name(bank.name))
    put_letter(rabbitmq_url, other, b"of another bank")
    eventually(lambda: letters_waiting(rabbitmq_url, other) == 1, "the letter")

    assert sweep()["kept"] == 1

    bank.create_customer()
    event_id = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter arrives")
    sweep()
    assert bank.api.get("/events/data", event_id=event_id).data["deliver_status"] == "failed"


def test_queue_on_dead_node_is_stuck(
    bank: Bank, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue exists with its letters, so a run that passes over it may not end well."""
    text = (
        "NOT_FOUND - home node 'b@host' of durable queue 'q' in vhost '/' is down or inaccessible"
    )

    def answer(*_: object) -> None:
        raise pika.exceptions.ChannelClosedByBroker(404, text)

    monkeypatch.setattr(dead_letters.BlockingChannel, "basic_get", answer)

    with pytest.raises(LettersStuck, match=bank.name):
        sweep()


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "foreign: not dead-lettered by the broker"),
        (
            {"x-death": [{"queue": "customer_notification_other", "reason": "expired"}]},
            "foreign: died in customer_notification_other",
        ),
    ],
)
def test_foreign_letter_fails_no_delivery(
    bank: Bank,
    event_id: str,
    rabbitmq_url: str,
    query: Query,
    headers: dict[str, Any],
    reason: str,
) -> None:
    put_letter(rabbitmq_url, bank, b"{}", message_id=event_id, headers=headers)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the letter")

    assert sweep() == {"kept": 1, "unmatched": 1, "superseded": 0}

    event = bank.api.get("/events/data", event_id=event_id).data
    assert (event["deliver_status"], event["dead_letters"]) == ("pending", [])
    (kept,) = query("SELECT event_id, reason FROM dead_letters")
    assert (kept["event_id"], kept["reason"]) == (None, reason)


@pytest.mark.parametrize(("confirmed", "status"), [(True, "delivered"), (False, "pending")])
def test_death_of_older_copy_changes_nothing(
    bank: Bank, event_id: str, rabbitmq_url: str, query: Query, confirmed: bool, status: str
) -> None:
    query(
        "UPDATE customer_events SET deliver_try_count = 1 WHERE event_id = %(id)s", id=event_id
    )  # as a redelivery does
    if confirmed:
        bank.api.post("/events/confirm-delivery", event_id=event_id, status="received")
    reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")

    assert sweep() == {"kept": 1, "unmatched": 0, "superseded": 1}

    event = bank.api.get("/events/data", event_id=event_id).data
    assert event["deliver_status"] == status
    assert [letter["superseded"] for letter in event["dead_letters"]] == [True]


def test_only_death_in_this_epoch_counts(bank: Bank, rabbitmq_url: str, query: Query) -> None:
    """A restored row knows no copy of the lost time, and the recovery sends its event again."""
    bank.create_customer()
    before = reject_next(rabbitmq_url, bank)
    query("UPDATE recovery SET epoch = epoch + 1")
    bank.create_customer()
    after = reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 2, "the dead letters")

    assert sweep() == {"kept": 2, "unmatched": 0, "superseded": 1}

    events = [bank.api.get("/events/data", event_id=event_id).data for event_id in (before, after)]
    assert [event["deliver_status"] for event in events] == ["pending", "failed"]


def test_received_event_may_still_die(bank: Bank, event_id: str, rabbitmq_url: str) -> None:
    bank.api.post("/events/confirm-delivery", event_id=event_id, status="received")
    reject_next(rabbitmq_url, bank)
    eventually(lambda: letters_waiting(rabbitmq_url, bank) == 1, "the dead letter")

    assert sweep() == {"kept": 1, "unmatched": 0, "superseded": 0}

    event = bank.api.get("/events/data", event_id=event_id).data
    assert event["deliver_status"] == "failed"
