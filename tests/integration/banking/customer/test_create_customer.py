"""POST /customer/data, from the request to the message in the bank's queue."""

from __future__ import annotations

from tests.support.banking import Bank
from tests.support.broker import take
from tests.support.fixtures import Query


def test_created_customer_is_answered_and_stored(bank: Bank, query: Query) -> None:
    reply = bank.api.post("/customer/data", name="John Richard Doe")

    assert reply.status == 201
    assert reply.data["status"] == "ACTIVE"
    rows = query("SELECT * FROM customers WHERE customer_id = %(id)s", id=reply.data["customer_id"])
    assert [(row["name"], row["consumer_id"]) for row in rows] == [
        ("John Richard Doe", bank.consumer_id)
    ]


def test_queued_event_follows_the_contract(bank: Bank, rabbitmq_url: str) -> None:
    customer_id = bank.create_customer("John Richard Doe")

    (delivery,) = take(rabbitmq_url, bank.name, 1)

    assert delivery.body["event_type"] == "customer_creation"
    assert delivery.body["data"] == {
        "customer_id": customer_id,
        "name": "John Richard Doe",
        "status": "ACTIVE",
    }
    assert delivery.body["metadata"]["sequence"] == 1
    assert delivery.body["metadata"]["source_service"] == "POST: /customer/data"
    assert delivery.properties.message_id == delivery.body["event_id"]
    assert delivery.properties.headers["customer_id"] == customer_id


def test_customer_may_start_inactive(bank: Bank) -> None:
    reply = bank.api.post("/customer/data", name="Jane Roe", status="INACTIVE")

    assert reply.status == 201
    assert reply.data["status"] == "INACTIVE"


def test_same_idempotency_key_creates_once(bank: Bank, query: Query) -> None:
    first, second = (
        bank.api("POST", "/customer/data", {"name": "Jane"}, headers={"Idempotency-Key": "k1"})
        for _ in range(2)
    )

    assert (first.status, first.body) == (second.status, second.body)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(query("SELECT 1 FROM customers")) == 1
    assert len(query("SELECT 1 FROM customer_events WHERE event_type = 'customer_creation'")) == 1
