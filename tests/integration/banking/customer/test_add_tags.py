"""POST /customer/tag: tags by position, all of them or none."""

from __future__ import annotations

import uuid

from tests.integration.banking.customer.tagging import add_tags, tags_of
from tests.support.api import Reply
from tests.support.banking import Bank
from tests.support.fixtures import Query

WRONG: list[tuple[object, object, str]] = [
    (["a", "b", "a"], ["1", "2", "3"], "tag_keys: must be distinct, 'a' is given more than once"),
    (["a", "b"], ["1"], "tag_values: must have one value for each of 2 keys, got 1"),
    (["a"], ["1", "2"], "tag_values: must have one value for each of 1 keys, got 2"),
    (
        [],
        [],
        "tag_keys: must have at least 1 entries; tag_values: must have at least 1 entries",
    ),
    (
        [str(number) for number in range(51)],
        ["1"] * 51,
        "tag_keys: must have at most 50 entries; tag_values: must have at most 50 entries",
    ),
    (["a" * 101], ["1"], "tag_keys[0]: must have at most 100 characters, got 101"),
    (["a"], ["1" * 1001], "tag_values[0]: must have at most 1000 characters, got 1001"),
    (["a", ""], ["1", "2"], "tag_keys[1]: must have at least 1 character(s), got 0"),
    ([" "], ["1"], "tag_keys[0]: must not be blank"),
    (["a\x00"], ["\n"], ("tag_keys[0]: must not contain control characters; "
                         "tag_values[0]: must not contain control characters")),
    ("a", ["1"], "tag_keys: must be a list, got 'a'"),
    ([1], [None], ("tag_keys[0]: must be a string, got 1; "
                   "tag_values[0]: must be a string, got None")),
]  # fmt: skip


def post(bank: Bank, customer_id: str, keys: object, values: object) -> Reply:
    return bank.api.post("/customer/tag", customer_id=customer_id, tag_keys=keys, tag_values=values)


def test_tags_are_added_by_position(bank: Bank, customer_id: str) -> None:
    reply = post(bank, customer_id, ["city", "tier"], ["Riga", ""])

    assert (reply.status, reply.data) == (201, {})
    assert tags_of(bank, customer_id) == {"city": "Riga", "tier": ""}


def test_longest_tags_fit(bank: Bank, customer_id: str) -> None:
    keys = [f"{number:02}" + "é" * 98 for number in range(15)]

    assert post(bank, customer_id, keys, ["𝄞" * 1000] * 15).status == 201
    assert tags_of(bank, customer_id) == dict.fromkeys(keys, "𝄞" * 1000)


def test_existing_keys_refuse_all_tags(bank: Bank, tagged: str) -> None:
    before = bank.api.get("/customer/data", customer_id=tagged).data

    reply = post(bank, tagged, ["new", "tier", "city"], ["1", "2", "3"])

    assert reply.status == 409
    assert reply.description == (
        "The customer has tags with these keys already: 'tier', 'city'; nothing was changed"
    )
    assert bank.api.get("/customer/data", customer_id=tagged).data == before


def test_adding_tags_shows_in_updated_at(bank: Bank, customer_id: str) -> None:
    before = bank.api.get("/customer/data", customer_id=customer_id).data["updated_at"]

    add_tags(bank, customer_id, city="Riga")

    assert bank.api.get("/customer/data", customer_id=customer_id).data["updated_at"] > before


def test_same_idempotency_key_adds_once(bank: Bank, customer_id: str, query: Query) -> None:
    body = {"customer_id": customer_id, "tag_keys": ["a"], "tag_values": ["1"]}

    replies = [
        bank.api("POST", "/customer/tag", body, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]

    assert [reply.status for reply in replies] == [201, 201]
    assert len(query("SELECT 1 FROM customer_tags")) == 1


def test_missing_customer_is_not_found(bank: Bank, query: Query) -> None:
    reply = post(bank, str(uuid.uuid4()), ["a"], ["1"])

    assert (reply.status, reply.description) == (404, "No such customer; check customer_id")
    assert query("SELECT 1 FROM customer_tags") == []


def test_wrong_tags_are_explained(bank: Bank, customer_id: str) -> None:
    for keys, values, sentence in WRONG:
        reply = post(bank, customer_id, keys, values)
        assert (keys, values, reply.status, reply.description) == (keys, values, 422, sentence)

    assert tags_of(bank, customer_id) == {}
