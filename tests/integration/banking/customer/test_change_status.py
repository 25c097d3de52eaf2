"""PATCH /customer/change-status: the new status, its event, and the refusals."""

from __future__ import annotations

import uuid

from tests.support.banking import Bank
from tests.support.fixtures import Query


def test_status_change_is_stored(bank: Bank, customer_id: str) -> None:
    before = bank.api.get("/customer/data", customer_id=customer_id).data

    reply = bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")

    after = bank.api.get("/customer/data", customer_id=customer_id).data
    assert reply.status == 200
    assert reply.data == {
        "customer_id": customer_id,
        "status": "INACTIVE",
        "updated_at": after["updated_at"],
    }
    assert after["status"] == "INACTIVE"
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]


def test_same_status_again_is_refused(bank: Bank, customer_id: str, query: Query) -> None:
    reply = bank.api.patch("/customer/change-status", customer_id=customer_id, status="ACTIVE")

    assert reply.status == 409
    assert reply.description == f"Customer {customer_id} is already ACTIVE"
    assert (
        len(query("SELECT 1 FROM customer_events WHERE customer_id = %(id)s", id=customer_id)) == 1
    )


def test_message_normalises_the_id(bank: Bank, customer_id: str) -> None:
    reply = bank.api.patch(
        "/customer/change-status", customer_id=customer_id.upper(), status="ACTIVE"
    )

    assert reply.description == f"Customer {customer_id} is already ACTIVE"


def test_missing_customer_is_not_found(bank: Bank) -> None:
    for status in ("ACTIVE", "INACTIVE"):
        reply = bank.api.patch(
            "/customer/change-status", customer_id=str(uuid.uuid4()), status=status
        )
        assert (reply.status, reply.description) == (404, "No such customer; check customer_id")


def test_wrong_status_is_explained(bank: Bank, customer_id: str) -> None:
    reply = bank.api.patch("/customer/change-status", customer_id=customer_id, status="japapa")

    assert reply.status == 422
    assert reply.description == "status: must be ACTIVE or INACTIVE, got 'japapa'"
