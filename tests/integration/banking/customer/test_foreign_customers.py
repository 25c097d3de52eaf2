"""Another tenant's ids on every endpoint: the answer to an id that nobody has, byte for byte."""

from __future__ import annotations

import uuid

import pytest

from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query

TAG = {"tag_key": "city"}
ON_A_CUSTOMER = [
    ("GET", "/customer/data", {}),
    ("DELETE", "/customer/data", {}),
    ("PATCH", "/customer/change-status", {"status": "ACTIVE"}),
    ("PATCH", "/customer/change-status", {"status": "INACTIVE"}),
    ("POST", "/customer/tag", {"tag_keys": ["new"], "tag_values": ["1"]}),
    ("POST", "/customer/tag", {"tag_keys": ["city"], "tag_values": ["1"]}),
    ("GET", "/customer/tag-value", TAG),
    ("DELETE", "/customer/tag", TAG),
    ("PATCH", "/customer/tag-key", {**TAG, "new_tag_key": "tier"}),
    ("PATCH", "/customer/tag-value", {**TAG, "new_tag_value": "Rome"}),
    ("POST", "/customer/analytics", {}),
    ("GET", "/customer/analytics", {}),
]


def everything(query: Query) -> list[list[dict[str, object]]]:
    tables = ("customers", "customer_tags", "customer_analytics", "customer_events")
    return [query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


@pytest.mark.parametrize(("method", "path", "fields"), ON_A_CUSTOMER)
def test_foreign_customer_looks_absent(
    bank: Bank,
    stranger: Bank,
    tagged: str,
    query: Query,
    method: str,
    path: str,
    fields: dict[str, object],
) -> None:
    bank.api.post("/customer/analytics", customer_id=tagged)
    before = everything(query)

    foreign = stranger.api(method, path, {"customer_id": tagged, **fields})
    missing = stranger.api(method, path, {"customer_id": str(uuid.uuid4()), **fields})

    assert foreign.status == 404
    assert foreign.description == "No such customer; check customer_id"
    assert foreign.body == missing.body
    assert everything(query) == before


def test_admin_reaches_only_own_customers(bank: Bank, admin: Api, customer_id: str) -> None:
    own = admin.post("/customer/data", name="Admin's own")

    assert admin.get("/customer/data", customer_id=own.data["customer_id"]).status == 200
    assert admin.get("/customer/data", customer_id=customer_id).status == 404
    listed = admin.get("/customer/list").data["customers"]
    assert [customer["customer_id"] for customer in listed] == [own.data["customer_id"]]


def test_foreign_customers_are_not_listed(bank: Bank, stranger: Bank, tagged: str) -> None:
    for narrowed in ({}, {"status": "ACTIVE"}, TAG, {**TAG, "tag_value": "Riga"}):
        assert stranger.api.get("/customer/list", **narrowed).data["customers"] == []
        assert len(bank.api.get("/customer/list", **narrowed).data["customers"]) == 1


def test_foreign_cursor_gives_no_rights(bank: Bank, stranger: Bank) -> None:
    for _ in range(3):
        bank.create_customer()
    own = stranger.create_customer()
    bank.create_customer()
    cursor = bank.api.get("/customer/list", limit=1).data["next_cursor"]

    listed = stranger.api.get("/customer/list", cursor=cursor).data["customers"]

    assert [customer["customer_id"] for customer in listed] == [own]
