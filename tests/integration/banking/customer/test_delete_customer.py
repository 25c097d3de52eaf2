"""DELETE /customer/data: the customer and its tags go; its events and snapshots stay."""

from __future__ import annotations

from tests.support.banking import Bank
from tests.support.fixtures import Query


def test_deletion_removes_customer_and_tags(bank: Bank, tagged: str, query: Query) -> None:
    reply = bank.api.delete("/customer/data", customer_id=tagged)

    assert (reply.status, reply.data) == (200, {})
    assert bank.api.get("/customer/data", customer_id=tagged).status == 404
    assert query("SELECT 1 FROM customer_tags") == []


def test_events_and_snapshots_stay(bank: Bank, tagged: str, query: Query) -> None:
    bank.api.post("/customer/analytics", customer_id=tagged)

    bank.api.delete("/customer/data", customer_id=tagged)

    events = query(
        "SELECT event_type FROM customer_events WHERE customer_id = %(id)s ORDER BY sequence",
        id=tagged,
    )
    assert [event["event_type"] for event in events] == ["customer_creation", "customer_deletion"]
    snapshots = bank.api.get("/customer/analytics", customer_id=tagged).data["snapshots"]
    assert [snapshot["tags"] for snapshot in snapshots] == [{"city": "Riga", "tier": "gold"}]


def test_second_deletion_writes_nothing(bank: Bank, customer_id: str, query: Query) -> None:
    bank.api.delete("/customer/data", customer_id=customer_id)

    reply = bank.api.delete("/customer/data", customer_id=customer_id)

    assert reply.status == 404
    assert reply.description == "No such customer; check customer_id"
    assert (
        len(query("SELECT 1 FROM customer_events WHERE customer_id = %(id)s", id=customer_id)) == 2
    )


def test_other_customers_keep_their_tags(bank: Bank, tagged: str, query: Query) -> None:
    other = bank.create_customer()

    bank.api.delete("/customer/data", customer_id=other)

    assert len(query("SELECT 1 FROM customer_tags WHERE customer_id = %(id)s", id=tagged)) == 2
