"""A customer of whom a test knows every trace, and where a database still has a text."""

from __future__ import annotations

from local.finding.places import Found, Wanted
from local.finding.tables import find_in_tables
from tests.integration.banking.customer.tagging import add_tags
from tests.support.banking import Bank

NAME = "Ottilie Quandt"
TAG = "ottilie.quandt@example.com"


def known_customer(bank: Bank) -> str:
    """A customer whose name stands in tags, snapshots and three events."""
    customer_id = bank.create_customer(NAME)
    add_tags(bank, customer_id, mail=TAG)
    assert bank.api.post("/customer/analytics", customer_id=customer_id).status == 201
    for status in ("INACTIVE", "ACTIVE"):
        changed = bank.api("PATCH", "/customer/change-status",
                           {"customer_id": customer_id, "status": status})  # fmt: skip
        assert changed.status == 200, changed
    return customer_id


def where(url: str) -> list[str]:
    """The columns of the database that hold the name, also in bytes."""
    found = Found()
    find_in_tables(url, "banking", Wanted("ottilie"), found)
    assert found.left_out == []
    return sorted({place.name.removeprefix("banking ") for place in found.places})
