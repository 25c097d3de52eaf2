"""Giving a customer tags through the API, and reading them back."""

from __future__ import annotations

from tests.support.banking import Bank


def add_tags(bank: Bank, customer_id: str, **tags: str) -> None:
    reply = bank.api.post(
        "/customer/tag",
        customer_id=customer_id,
        tag_keys=list(tags),
        tag_values=list(tags.values()),
    )
    assert reply.status == 201, reply


def tags_of(bank: Bank, customer_id: str) -> dict[str, str]:
    reply = bank.api.get("/customer/data", customer_id=customer_id)
    assert reply.status == 200, reply
    tags: dict[str, str] = reply.data["tags"]
    return tags
