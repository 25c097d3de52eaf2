"""GET /customer/data: the customer as it is, with its tags sorted by key."""

from __future__ import annotations

import json

from tests.integration.banking.customer.tagging import add_tags
from tests.support.banking import Bank


def test_created_customer_is_read_back(bank: Bank) -> None:
    created = bank.api.post("/customer/data", name="Zoë 李 O'Neil", status="INACTIVE").data

    reply = bank.api.get("/customer/data", customer_id=created["customer_id"])

    assert reply.status == 200
    assert reply.data == {
        "customer_id": created["customer_id"],
        "name": "Zoë 李 O'Neil",
        "status": "INACTIVE",
        "created_at": created["created_at"],
        "updated_at": created["created_at"],
        "tags": {},
    }


def test_tags_are_sorted_by_key(bank: Bank, customer_id: str) -> None:
    add_tags(bank, customer_id, b="1", Z="2", a="3", é="4", ab="5")

    tags = bank.api.get("/customer/data", customer_id=customer_id).data["tags"]

    assert list(tags) == ["Z", "a", "ab", "b", "é"]


def test_get_takes_a_json_body_too(bank: Bank, customer_id: str) -> None:
    by_body = bank.api("GET", "/customer/data", {"customer_id": customer_id})

    assert by_body.body == bank.api.get("/customer/data", customer_id=customer_id).body


def test_id_is_recognised_in_upper_case(bank: Bank, customer_id: str) -> None:
    reply = bank.api.get("/customer/data", customer_id=customer_id.upper())

    assert json.dumps(reply.data).count(customer_id) == 1
