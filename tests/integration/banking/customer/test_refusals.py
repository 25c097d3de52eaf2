"""What is wrong with a request is told per field, and a refused request changes nothing."""

from __future__ import annotations

import uuid

from tests.support.banking import Bank
from tests.support.fixtures import Query

ID = str(uuid.uuid4())
TAG = {"customer_id": ID, "tag_key": "city"}
WRONG: list[tuple[str, str, object, int, str]] = [
    ("POST", "/customer/data", {}, 422, "name: is required"),
    ("POST", "/customer/data", {"name": ""}, 422,
     "name: must have at least 1 character(s), got 0"),
    ("POST", "/customer/data", {"name": " \t"}, 422, "name: must not contain control characters"),
    ("POST", "/customer/data", {"name": "\u2003 "}, 422, "name: must not be blank"),
    ("POST", "/customer/data", {"name": "a\u0000b"}, 422,
     "name: must not contain control characters"),
    ("POST", "/customer/data", {"name": "x" * 256}, 422,
     "name: must have at most 255 characters, got 256"),
    ("POST", "/customer/data", {"name": 7, "status": "active"}, 422,
     "name: must be a string, got 7; status: must be ACTIVE or INACTIVE, got 'active'"),
    ("POST", "/customer/data", {"name": "x", "vip": True}, 422, "vip: is not a known field"),
    ("POST", "/customer/data", ["name"], 400,
     "The body is not a JSON object; send fields and values in braces"),
    ("DELETE", "/customer/data", {}, 422, "customer_id: is required"),
    ("DELETE", "/customer/data", {"customer_id": "me"}, 422,
     "customer_id: must be a UUID, got 'me'"),
    ("PATCH", "/customer/change-status", {"customer_id": ID}, 422, "status: is required"),
    ("PATCH", "/customer/change-status", {"customer_id": ID, "status": None}, 422,
     "status: must be ACTIVE or INACTIVE, got None"),
    ("POST", "/customer/tag", {"customer_id": ID}, 422,
     "tag_keys: is required; tag_values: is required"),
    ("GET", "/customer/tag-value", {"customer_id": ID}, 422, "tag_key: is required"),
    ("DELETE", "/customer/tag", {**TAG, "tag_key": "x" * 101}, 422,
     "tag_key: must have at most 100 characters, got 101"),
    ("PATCH", "/customer/tag-key", TAG, 422, "new_tag_key: is required"),
    ("PATCH", "/customer/tag-key", {**TAG, "new_tag_key": " "}, 422,
     "new_tag_key: must not be blank"),
    ("PATCH", "/customer/tag-value", {**TAG, "new_tag_value": "\u007f"}, 422,
     "new_tag_value: must not contain control characters"),
    ("PATCH", "/customer/tag-value", {**TAG, "new_tag_value": 1}, 422,
     "new_tag_value: must be a string, got 1"),
    ("POST", "/customer/analytics", {"customer_id": ID, "limit": 1}, 422,
     "limit: is not a known field"),
    ("GET", "/customer/analytics", {"customer_id": ID, "limit": 0}, 422,
     "limit: must be at least 1, got 0"),
    ("GET", "/customer/analytics", {"customer_id": ID, "cursor": "no"}, 422,
     "cursor: must be the next_cursor of an earlier answer"),
    ("GET", "/customer/list", {"limit": 201}, 422, "limit: must be at most 200, got 201"),
    ("GET", "/customer/list", {"status": "japapa"}, 422,
     "status: must be ACTIVE or INACTIVE, got 'japapa'"),
    ("GET", "/customer/list", {"tag_value": "Riga"}, 422,
     "tag_value: needs tag_key too: send the key whose value this is"),
    ("GET", "/customer/list", {"tag_key": "", "tag_value": "Riga"}, 422,
     "tag_key: must have at least 1 character(s), got 0"),
    ("GET", "/customer/list", {"cursor": ""}, 422,
     "cursor: must be the next_cursor of an earlier answer"),
]  # fmt: skip


def test_wrong_requests_change_nothing(bank: Bank, query: Query) -> None:
    for method, path, body, status, sentence in WRONG:
        reply = bank.api(method, path, body)
        told = (method, path, body, reply.status, reply.description)
        assert told == (method, path, body, status, sentence)
        assert reply.data == {}

    assert query("SELECT 1 FROM customers") == []


def test_query_parameters_are_explained_alike(bank: Bank) -> None:
    reply = bank.api.get("/customer/list", status="japapa", limit="many", tag_value="x")

    assert reply.status == 422
    assert reply.description == (
        "status: must be ACTIVE or INACTIVE, got 'japapa'; "
        "tag_value: needs tag_key too: send the key whose value this is; "
        "limit: must be a whole number, got 'many'"
    )
