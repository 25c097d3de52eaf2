"""Reading, setting, renaming and removing one tag."""

from __future__ import annotations

import pytest

from tests.integration.banking.customer.tagging import tags_of
from tests.support.api import Reply
from tests.support.banking import Bank

ON_ONE_TAG = [
    ("GET", "/customer/tag-value", {}),
    ("DELETE", "/customer/tag", {}),
    ("PATCH", "/customer/tag-key", {"new_tag_key": "new"}),
    ("PATCH", "/customer/tag-key", {"new_tag_key": "nothing"}),
    ("PATCH", "/customer/tag-key", {"new_tag_key": "city"}),
    ("PATCH", "/customer/tag-value", {"new_tag_value": "new"}),
]


def rename(bank: Bank, customer_id: str, key: str, new_key: str) -> Reply:
    return bank.api.patch(
        "/customer/tag-key", customer_id=customer_id, tag_key=key, new_tag_key=new_key
    )


def test_value_is_read(bank: Bank, tagged: str) -> None:
    reply = bank.api.get("/customer/tag-value", customer_id=tagged, tag_key="city")

    assert (reply.status, reply.data) == (200, {"tag_value": "Riga"})


def test_empty_value_is_a_value(bank: Bank, tagged: str) -> None:
    bank.api.patch("/customer/tag-value", customer_id=tagged, tag_key="city", new_tag_value="")

    reply = bank.api.get("/customer/tag-value", customer_id=tagged, tag_key="city")

    assert (reply.status, reply.data) == (200, {"tag_value": ""})


def test_escaped_key_is_accepted(bank: Bank, customer_id: str) -> None:
    key = "a b+c&d=é%20'\\"
    bank.api.post("/customer/tag", customer_id=customer_id, tag_keys=[key], tag_values=["1"])

    reply = bank.api.get("/customer/tag-value", customer_id=customer_id, tag_key=key)

    assert reply.data == {"tag_value": "1"}


def test_value_is_set(bank: Bank, tagged: str) -> None:
    reply = bank.api.patch(
        "/customer/tag-value", customer_id=tagged, tag_key="city", new_tag_value="Tallinn"
    )

    assert (reply.status, reply.data) == (200, {})
    assert tags_of(bank, tagged) == {"city": "Tallinn", "tier": "gold"}


def test_renamed_tag_keeps_its_value(bank: Bank, tagged: str) -> None:
    reply = rename(bank, tagged, "city", "town")

    assert (reply.status, reply.data) == (200, {})
    assert tags_of(bank, tagged) == {"tier": "gold", "town": "Riga"}


@pytest.mark.parametrize("new_key", ["tier", "city"])
def test_rename_to_existing_key_is_refused(bank: Bank, tagged: str, new_key: str) -> None:
    before = bank.api.get("/customer/data", customer_id=tagged).data

    reply = rename(bank, tagged, "city", new_key)

    assert reply.status == 409
    assert repr(new_key) in reply.description
    assert bank.api.get("/customer/data", customer_id=tagged).data == before


def test_other_customers_keys_do_not_conflict(bank: Bank, tagged: str) -> None:
    other = bank.create_customer()
    bank.api.post("/customer/tag", customer_id=other, tag_keys=["town"], tag_values=["Rome"])

    assert rename(bank, tagged, "city", "town").status == 200
    assert tags_of(bank, other) == {"town": "Rome"}


def test_tag_is_removed(bank: Bank, tagged: str) -> None:
    reply = bank.api.delete("/customer/tag", customer_id=tagged, tag_key="city")

    assert (reply.status, reply.data) == (200, {})
    assert tags_of(bank, tagged) == {"tier": "gold"}


@pytest.mark.parametrize(("method", "path", "fields"), ON_ONE_TAG)
def test_missing_tag_changes_nothing(
    bank: Bank, tagged: str, method: str, path: str, fields: dict[str, str]
) -> None:
    before = bank.api.get("/customer/data", customer_id=tagged).data

    reply = bank.api(method, path, {"customer_id": tagged, "tag_key": "nothing", **fields})

    assert (reply.status, reply.description) == (404, "No such tag; check tag_key")
    assert bank.api.get("/customer/data", customer_id=tagged).data == before
