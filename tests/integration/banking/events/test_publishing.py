"""The handler's single try after the commit, when its queue is in the way: always 2xx, never lost."""

from __future__ import annotations

import pytest

from chalicelib.banking.wiring import Parts
from fintegrate.database import Row
from fintegrate.outbox.outbox import Outbox
from tests.integration.banking.events.test_resend import fill_queue
from tests.support.banking import Bank, parts_with
from tests.support.broker import channel, drain
from tests.support.fixtures import Query
from tests.support.outbox import statuses
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

OLD = """
SELECT event_id FROM customer_events
WHERE event_id = %(event_id)s AND created_at < clock_timestamp() - interval '1.1 seconds'
"""


def test_full_queue_leaves_event_pending(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    fill_queue(rabbitmq_url, bank.name)

    bank.create_customer()

    (event,) = bank.api.get("/events/list").data["events"]
    assert event["publish_status"] == "pending"
    assert event["publish_last_tried_at"] is not None
    assert "nacked" in event["publish_failure_reason"]
    with channel(rabbitmq_url) as ch:
        ch.queue_purge(f"customer_notification_{bank.name}")
    assert bank.api.post("/events/resend", period_in_days=1).data["summary"]["succeeded"] == 1


def test_request_restores_deleted_queue(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    with channel(rabbitmq_url) as ch:
        ch.queue_delete(f"customer_notification_{bank.name}")

    bank.create_customer()

    assert statuses(query, bank.consumer_id) == {"published": 1}
    assert len(drain(rabbitmq_url, bank.name)) == 1


def test_dead_connection_publishes_once(
    bank: Bank, parts: Parts, query: Query, rabbitmq_url: str
) -> None:
    bank.create_customer()
    # What a process finds when it wakes: the socket is gone, and nobody has told it.
    connection = parts.publisher._local.connection
    connection._connection._transport._sock.shutdown(2)

    bank.create_customer()

    assert statuses(query, bank.consumer_id) == {"published": 2}
    assert len(drain(rabbitmq_url, bank.name)) == 2


def test_failed_mark_spares_the_answer(
    bank: Bank, parts: Parts, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise ConnectionError("the database went away after the commit")

    with monkeypatch.context() as patch:
        patch.setattr(type(parts.request.database), "execute", refuse)
        bank.create_customer()

    (event,) = bank.api.get("/events/list").data["events"]
    assert event["publish_status"] == "pending"
    assert len(drain(rabbitmq_url, bank.name)) == 1


def test_slow_request_leaves_event_to_sweep(
    bank: Bank,
    environment: dict[str, str],
    query: Query,
    rabbitmq_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_new = Outbox.publish_new

    def publish_late(outbox: Outbox, event: Row, *times: float) -> None:
        eventually(lambda: query(OLD, event_id=event["event_id"]), "the hand-off time is over")
        assert run_schedule("resend")["succeeded"] == 1
        publish_new(outbox, event, *times)

    monkeypatch.setattr(Outbox, "publish_new", publish_late)
    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="1"):
        bank.create_customer()

    assert statuses(query, bank.consumer_id) == {"published": 1}
    assert len(drain(rabbitmq_url, bank.name)) == 1


def test_message_continues_callers_trace(bank: Bank, rabbitmq_url: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    bank.api("POST", "/customer/data", {"name": "Ada"}, headers={"traceparent": trace})

    (delivery,) = drain(rabbitmq_url, bank.name)
    assert delivery.properties.headers["traceparent"] == trace
    assert set(delivery.body["metadata"]) == {"created_at", "epoch", "sequence", "source_service"}
