"""When a statement fails in the middle, nothing of the request stays."""

from __future__ import annotations

import pytest

from tests.support.banking import Bank
from tests.support.fixtures import Query

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'secret internals'; END $$;
"""


@pytest.fixture
def events_cannot_be_written(bank: Bank, tagged: str, query: Query) -> None:
    query(
        REFUSE + "CREATE TRIGGER refuse BEFORE INSERT ON customer_events "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )


@pytest.mark.usefixtures("events_cannot_be_written")
@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("DELETE", "/customer/data", {}),
        ("PATCH", "/customer/change-status", {"status": "INACTIVE"}),
    ],
)
def test_failed_event_undoes_the_change(
    bank: Bank, tagged: str, method: str, path: str, fields: dict[str, str]
) -> None:
    before = bank.api.get("/customer/data", customer_id=tagged).data

    reply = bank.api(method, path, {"customer_id": tagged, **fields})

    assert reply.status == 500
    assert "internals" not in reply.description
    assert bank.api.get("/customer/data", customer_id=tagged).data == before


@pytest.mark.usefixtures("events_cannot_be_written")
def test_failed_event_undoes_the_customer(bank: Bank, query: Query) -> None:
    reply = bank.api.post("/customer/data", name="John Doe")

    assert reply.status == 500
    assert query("SELECT 1 FROM customers WHERE name = 'John Doe'") == []


def test_tags_are_written_all_or_none(bank: Bank, tagged: str, query: Query) -> None:
    query(
        REFUSE + "CREATE TRIGGER refuse BEFORE INSERT ON customer_tags FOR EACH ROW "
        "WHEN (new.tag_key = 'last') EXECUTE FUNCTION refuse()"
    )
    before = bank.api.get("/customer/data", customer_id=tagged).data

    reply = bank.api.post(
        "/customer/tag", customer_id=tagged, tag_keys=["first", "last"], tag_values=["1", "2"]
    )

    assert reply.status == 500
    assert bank.api.get("/customer/data", customer_id=tagged).data == before


def test_refusal_frees_its_idempotency_key(bank: Bank, tagged: str) -> None:
    headers = {"Idempotency-Key": "once"}
    body = {"customer_id": tagged, "tag_keys": ["city"], "tag_values": ["Rome"]}
    refused = bank.api("POST", "/customer/tag", body, headers=headers)
    bank.api.delete("/customer/tag", customer_id=tagged, tag_key="city")

    done = bank.api("POST", "/customer/tag", body, headers=headers)

    assert (refused.status, done.status) == (409, 201)
