"""The events of a customer's life: written in sequence, and in this order in the bank's queue."""

from __future__ import annotations

from tests.support.banking import Bank
from tests.support.broker import take
from tests.support.fixtures import Query


def live_through(bank: Bank) -> str:
    customer_id = bank.create_customer("John Doe")
    for status in ("INACTIVE", "ACTIVE"):
        bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    bank.api.delete("/customer/data", customer_id=customer_id)
    return customer_id


def test_events_reach_the_queue_in_sequence(bank: Bank, rabbitmq_url: str) -> None:
    customer_id = live_through(bank)

    bodies = [delivery.body for delivery in take(rabbitmq_url, bank.name, 4)]

    assert [(b["event_type"], b["metadata"]["sequence"], b["data"]["status"]) for b in bodies] == [
        ("customer_creation", 1, "ACTIVE"),
        ("customer_status_change", 2, "INACTIVE"),
        ("customer_status_change", 3, "ACTIVE"),
        ("customer_deletion", 4, "ACTIVE"),
    ]
    assert [b["metadata"]["source_service"] for b in bodies] == [
        "POST: /customer/data",
        "PATCH: /customer/change-status",
        "PATCH: /customer/change-status",
        "DELETE: /customer/data",
    ]
    assert all(b["data"]["customer_id"] == customer_id for b in bodies)
    assert all(b["data"]["name"] == "John Doe" for b in bodies)


def test_every_event_is_marked_published(bank: Bank, query: Query) -> None:
    customer_id = live_through(bank)

    events = query(
        "SELECT * FROM customer_events WHERE customer_id = %(id)s ORDER BY created_at",
        id=customer_id,
    )

    assert [event["sequence"] for event in events] == [1, 2, 3, 4]
    assert {event["publish_status"] for event in events} == {"published"}
    assert {event["publish_try_count"] for event in events} == {1}


def test_tags_and_snapshots_write_no_events(bank: Bank, tagged: str, query: Query) -> None:
    bank.api.post("/customer/analytics", customer_id=tagged)

    assert len(query("SELECT 1 FROM customer_events WHERE customer_id = %(id)s", id=tagged)) == 1
