"""What was written with a key: in the events, in the audit log, never in a message."""

from __future__ import annotations

import uuid

import pytest

from chalicelib.banking.events.message import compose
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.keys import key_id, new_key, with_wrong_secret


def uses(admin: Api, key: str | None, **more: object) -> list[dict[str, object]]:
    reply = admin.get("/consumer/api-key/uses", key=key_id(key), **more)
    assert reply.status == 200, reply
    return list(reply.data["uses"])


def test_every_event_names_its_key(admin: Api, bank: Bank, query: Query) -> None:
    customer_id = bank.create_customer()
    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
    bank.api.delete("/customer/data", customer_id=customer_id)

    rows = query(
        "SELECT e.*, event_id::text, customer_id::text, c.name AS consumer_name, 1 AS epoch,"
        " c.message_format"
        " FROM customer_events e JOIN consumers c USING (consumer_id) ORDER BY e.created_at"
    )

    written = [row["metadata_json"]["key_id"] for row in rows]  # type: ignore[index]
    assert written == [key_id(admin.key)] + [key_id(bank.api.key)] * 3
    for row in rows:
        message = compose(row)
        assert key_id(bank.api.key) not in f"{message.body!r} {message.properties}"
        assert key_id(admin.key) not in f"{message.body!r} {message.properties}"


def test_uses_are_of_one_key(admin: Api, bank: Bank) -> None:
    bank.create_customer()
    issued = admin.post(
        "/consumer/api-key", consumer_id=bank.consumer_id, rotate=True, overlap_minutes=5
    )
    thief = bank.api.with_key(issued.data["api_key"])
    stolen = thief.post("/customer/data", name="Mallory").data["customer_id"]
    thief("GET", "/consumer/list", headers={"X-Request-Id": "curious"})
    Api(with_wrong_secret(thief.key)).get("/customer/list")

    found = uses(admin, thief.key)

    assert [use["kind"] for use in found] == ["audit", "event"]
    assert (found[0]["request_id"], found[0]["status_code"]) == ("curious", 403)
    assert (found[1]["customer_id"], found[1]["event_type"]) == (stolen, "customer_creation")
    assert len(uses(admin, bank.api.key)) == 1


def test_admins_key_shows_its_actions(admin: Api, bank: Bank) -> None:
    found = uses(admin, admin.key)

    assert [(use["kind"], use["action"]) for use in found] == [
        ("audit", "POST /consumer/api-key"),
        ("audit", "POST /consumer/data"),
        ("event", "POST: /consumer/data"),
    ]


def test_uses_come_in_pages(admin: Api, bank: Bank) -> None:
    for _ in range(3):
        bank.create_customer()
        bank.api.get("/consumer/list")  # refused: leaves an audit row
    whole = uses(admin, bank.api.key)

    paged: list[object] = []
    cursor: dict[str, object] = {}
    while True:
        data = admin.get("/consumer/api-key/uses", key=key_id(bank.api.key), limit=2, **cursor).data
        paged += data["uses"]
        if data["next_cursor"] is None:
            break
        cursor = {"cursor": data["next_cursor"]}

    assert paged == whole
    assert len(whole) == 6


def test_times_narrow_the_uses(admin: Api, bank: Bank) -> None:
    for _ in range(3):
        bank.create_customer()
    _newest, middle, oldest = (use["created_at"] for use in uses(admin, bank.api.key))

    found = uses(admin, bank.api.key, **{"from": oldest, "to": middle})

    assert [use["created_at"] for use in found] == [oldest]


def test_only_the_admin_asks(admin: Api, bank: Bank) -> None:
    asked = {"key": key_id(bank.api.key)}

    assert bank.api.get("/consumer/api-key/uses", **asked).status == 403
    assert admin.get("/consumer/api-key/uses", key=str(uuid.uuid4())).status == 404
    assert admin.get("/consumer/api-key/uses", key=new_key()).status == 404


@pytest.mark.parametrize("wrong", ["fk_secret-of-mine", 17])
def test_malformed_key_is_not_echoed(admin: Api, wrong: object) -> None:
    reply = admin("GET", "/consumer/api-key/uses", {"key": wrong})

    assert reply.status == 422
    assert str(wrong) not in reply.description
