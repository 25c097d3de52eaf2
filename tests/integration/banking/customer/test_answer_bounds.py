"""No answer outgrows what AWS Lambda can send: pages end by bytes, other answers have bounds."""

from __future__ import annotations

import json

from fintegrate.http.envelope import dumps
from local.banking.client import Reply
from tests.integration.banking.customer.tagging import add_tags
from tests.support.api import Api
from tests.support.banking import Bank, parts_with

LAMBDAS = 6 * 1024 * 1024


def size(reply: Reply) -> int:
    """As the text in a function's JSON result."""
    return len(json.dumps(dumps(reply.body)))


def test_snapshots_end_a_page_by_bytes(
    bank: Bank, customer_id: str, environment: dict[str, str]
) -> None:
    keys = [f"key{number}" for number in range(50)]
    bank.api.post(
        "/customer/tag", customer_id=customer_id, tag_keys=keys, tag_values=['"' * 700] * 50
    )
    for _ in range(6):
        bank.api.post("/customer/analytics", customer_id=customer_id)
    whole = bank.api.get("/customer/analytics", customer_id=customer_id).data["snapshots"]
    found: list[list[object]] = []
    cursor: dict[str, str] | None = {}

    with parts_with(environment, MAX_ANSWER_BYTES="400000"):
        while cursor is not None:
            reply = bank.api.get("/customer/analytics", customer_id=customer_id, **cursor)
            assert size(reply) <= 400_000
            found.append(reply.data["snapshots"])
            cursor = reply.data["next_cursor"] and {"cursor": reply.data["next_cursor"]}

    assert [len(page) for page in found] == [2, 2, 2]
    assert [row for page in found for row in page] == whole


def test_widest_customer_can_be_read(bank: Bank, customer_id: str) -> None:
    for batch in range(4):
        add_tags(bank, customer_id, **{f"{batch}{number:02}": '"' * 320 for number in range(50)})

    reply = bank.api.get("/customer/data", customer_id=customer_id)

    assert reply.status == 200
    assert size(reply) < LAMBDAS


def test_consumers_end_at_their_number(admin: Api, bank: Bank, environment: dict[str, str]) -> None:
    with parts_with(environment, MAX_CONSUMERS="2"):
        reply = admin.post("/consumer/data", consumer_name="one_more")

    assert (reply.status, reply.description) == (
        409,
        "There are 2 consumers, at most 2 are kept; raise MAX_CONSUMERS",
    )
