"""A customer's tags are bounded in number and in bytes, also under simultaneous requests."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from tests.integration.banking.customer.tagging import add_tags, tags_of
from tests.support.api import Reply
from tests.support.banking import Bank, parts_with, together


def add(bank: Bank, customer_id: str, count: int, prefix: str, value: str = "") -> Reply:
    keys = [f"{prefix}{number:03}" for number in range(count)]
    return bank.api.post(
        "/customer/tag", customer_id=customer_id, tag_keys=keys, tag_values=[value] * count
    )


def test_tags_end_at_their_number(bank: Bank, customer_id: str) -> None:
    for batch in "abcd":
        assert add(bank, customer_id, 50, batch).status == 201

    reply = add(bank, customer_id, 1, "e")

    assert (reply.status, reply.description) == (
        409,
        "The customer would have 201 tags, at most 200 are kept; delete some first",
    )
    assert len(tags_of(bank, customer_id)) == 200
    bank.api.delete("/customer/tag", customer_id=customer_id, tag_key="a000")
    assert add(bank, customer_id, 1, "e").status == 201


def test_tags_end_at_their_bytes(bank: Bank, customer_id: str, environment: dict[str, str]) -> None:
    with parts_with(environment, CUSTOMER_MAX_TAG_BYTES="100"):
        assert add(bank, customer_id, 2, "a", "é" * 23).status == 201

        reply = add(bank, customer_id, 1, "b")

        assert reply.status == 409
        assert reply.description == (
            "The customer's tags would have 104 bytes, keys and values together, at most 100 are "
            "kept; delete or shorten some first"
        )
        assert len(tags_of(bank, customer_id)) == 2


@pytest.mark.parametrize(
    ("path", "change"),
    [("tag-value", {"new_tag_value": "longer"}), ("tag-key", {"new_tag_key": "longer"})],
)
def test_changes_keep_the_bound(
    bank: Bank, customer_id: str, environment: dict[str, str], path: str, change: dict[str, str]
) -> None:
    add_tags(bank, customer_id, key="short", other="x" * 50)
    before = tags_of(bank, customer_id)

    with parts_with(environment, CUSTOMER_MAX_TAG_BYTES="60"):
        reply = bank.api.patch(
            f"/customer/{path}", customer_id=customer_id, tag_key="key", **change
        )

    assert reply.status == 409
    assert tags_of(bank, customer_id) == before


def test_customer_beyond_bounds_may_shrink(
    bank: Bank, customer_id: str, environment: dict[str, str]
) -> None:
    """The bounds may be made narrower than what a customer has."""
    add_tags(bank, customer_id, key="long value", other="x" * 50)
    tag = {"customer_id": customer_id, "tag_key": "key"}

    with parts_with(environment, CUSTOMER_MAX_TAG_BYTES="10", CUSTOMER_MAX_TAGS="1"):
        assert bank.api.patch("/customer/tag-value", **tag, new_tag_value="short").status == 200
        assert bank.api.patch("/customer/tag-key", **tag, new_tag_key="k").status == 200
        assert bank.api.delete("/customer/tag", **{**tag, "tag_key": "k"}).status == 200


def test_bound_holds_for_simultaneous_requests(
    bank: Bank, customer_id: str, environment: dict[str, str]
) -> None:
    with parts_with(environment, CUSTOMER_MAX_TAGS="10"):
        replies = together([partial(add, bank, customer_id, 3, prefix) for prefix in "abcdef"])

    assert Counter(reply.status for reply in replies) == {201: 3, 409: 3}
    assert len(tags_of(bank, customer_id)) == 9
