"""GET /customer/list: newest first, narrowed by status and tag, in pages that do not shift."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from itertools import chain

import pytest

from chalicelib.banking.customer import list_customers
from tests.integration.banking.customer.tagging import add_tags
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.plans import rows_read

MANY = "INSERT INTO customers (consumer_id, name) SELECT %(id)s, 'n' FROM generate_series(1, 3000)"
TAGGED = """
INSERT INTO customer_tags (customer_id, tag_key, tag_value)
SELECT customer_id, 'common', '1' FROM customers WHERE consumer_id = %(id)s;
ANALYZE customers, customer_tags
"""


def ids(bank: Bank, **wanted: object) -> list[str]:
    reply = bank.api.get("/customer/list", **wanted)
    assert reply.status == 200, reply
    return [customer["customer_id"] for customer in reply.data["customers"]]


def pages(bank: Bank, limit: int) -> list[list[str]]:
    """Every page from the first to the last."""
    found: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        data = bank.api.get("/customer/list", limit=limit, **cursor).data
        found.append([customer["customer_id"] for customer in data["customers"]])
        if data["next_cursor"] is None:
            return found
        cursor = {"cursor": data["next_cursor"]}


def test_no_customers_are_an_empty_page(bank: Bank) -> None:
    assert bank.api.get("/customer/list").data == {"customers": [], "next_cursor": None}


def test_customers_are_listed_newest_first(bank: Bank) -> None:
    created = [bank.create_customer(f"Customer {number}") for number in range(3)]

    data = bank.api.get("/customer/list").data

    assert [c["customer_id"] for c in data["customers"]] == created[::-1]
    newest = bank.api.get("/customer/data", customer_id=created[-1]).data
    del newest["tags"]
    assert data["customers"][0] == newest


@pytest.mark.parametrize("few", [0, 1, list_customers.FEW])
def test_list_filters_status_and_tag(bank: Bank, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(list_customers, "FEW", few)
    plain, inactive = bank.create_customer(), bank.create_customer(status="INACTIVE")
    riga, rome = bank.create_customer(), bank.create_customer(status="INACTIVE")
    add_tags(bank, riga, city="Riga", empty="")
    add_tags(bank, rome, city="Rome", other="Riga")

    assert ids(bank, status="ACTIVE") == [riga, plain]
    assert ids(bank, status="INACTIVE") == [rome, inactive]
    assert ids(bank, tag_key="city") == [rome, riga]
    assert ids(bank, tag_key="city", tag_value="Riga") == [riga]
    assert ids(bank, tag_key="city", status="INACTIVE") == [rome]
    assert ids(bank, tag_key="empty", tag_value="") == [riga]
    assert ids(bank, tag_key="city", tag_value="") == []


def test_rare_tag_reads_few_rows(bank: Bank, query: Query) -> None:
    rare, *others = (bank.create_customer() for _ in range(3))
    add_tags(bank, rare, rare="1")
    query(MANY, id=bank.consumer_id)
    for customer_id in others:
        add_tags(bank, customer_id, common="1")

    with rows_read({"few_tagged", "list_customers"}) as read:
        assert ids(bank, tag_key="rare") == [rare]
        assert ids(bank, tag_key="nobody has this") == []
    assert max(read.values()) < 20


def test_common_tag_reads_no_strangers(make_bank: Callable[[], Bank], query: Query) -> None:
    own, other = make_bank(), make_bank()
    for bank in (own, other):
        query(MANY, id=bank.consumer_id)
        query(TAGGED, id=bank.consumer_id)

    with rows_read({"list_customers"}) as read:
        assert len(ids(own, tag_key="common")) == 50
    assert read["list_customers"] < 200


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (200, [5])])
def test_pages_together_are_the_whole_list(bank: Bank, limit: int, sizes: list[int]) -> None:
    created = [bank.create_customer() for _ in range(5)]

    found = pages(bank, limit)

    assert [len(page) for page in found] == sizes
    assert list(chain(*found)) == created[::-1]


def test_same_instant_customers_fill_pages(bank: Bank, query: Query) -> None:
    created = {bank.create_customer() for _ in range(5)}
    query("UPDATE customers SET created_at = '2026-01-01T00:00:00Z'")

    found = list(chain(*pages(bank, 2)))

    assert len(found) == 5
    assert set(found) == created


def test_pages_are_stable_during_changes(bank: Bank) -> None:
    created = [bank.create_customer() for _ in range(5)]
    first = bank.api.get("/customer/list", limit=2).data
    bank.create_customer("Newcomer")
    bank.api.delete("/customer/data", customer_id=created[3])  # the one that the cursor names

    rest = ids(bank, cursor=first["next_cursor"])

    assert [c["customer_id"] for c in first["customers"]] == [created[4], created[3]]
    assert rest == [created[2], created[1], created[0]]


def test_fifty_are_given_unless_asked_otherwise(bank: Bank, query: Query) -> None:
    query(
        "INSERT INTO customers (consumer_id, name) SELECT %(id)s, 'n' FROM generate_series(1, 51)",
        id=bank.consumer_id,
    )

    assert [len(page) for page in pages(bank, 200)] == [51]
    assert len(ids(bank)) == 50


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-01T00:00:00+23:59:59.999999",
        "0001-01-01T00:00:00+23:59",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59-23:59",
        "2026-01-01T00:00:00",
        "2026-01-01",
    ],
)
def test_invented_cursor_breaks_nothing(bank: Bank, at: str) -> None:
    text = json.dumps([at, str(uuid.uuid4())]).encode()

    reply = bank.api.get("/customer/list", cursor=base64.urlsafe_b64encode(text).decode())

    assert reply.status in {200, 422}
