"""API keys: issuing one, and rotating."""

from __future__ import annotations

import uuid

import psycopg2
import pytest

from chalicelib.banking.tenants import ADMIN_ID
from tests.integration.banking.consumer.keys import let_it_expire, works
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.fixtures import Query
from tests.support.keys import key_id, parsed

NOBODY = str(uuid.uuid4())


def test_only_a_keys_hash_is_stored(bank: Bank, query: Query) -> None:
    key = parsed(bank.api.key)

    (row,) = query("SELECT * FROM consumer_api_keys WHERE key_id = %(id)s", id=key.key_id)

    assert works(bank.api.key).status == 200
    assert str(row["api_key_hash"]).startswith("$2b$")
    assert key.secret not in str(row)
    days = query(
        "SELECT expires_at - created_at AS lifetime FROM consumer_api_keys WHERE key_id = %(id)s",
        id=key.key_id,
    )[0]["lifetime"].days  # type: ignore[attr-defined]
    assert days in (364, 365)  # the two clocks of one statement


def test_second_key_needs_rotate(admin: Api, bank: Bank) -> None:
    reply = admin.post("/consumer/api-key", consumer_id=bank.consumer_id)

    assert reply.status == 409
    assert reply.description == "An active key exists; send rotate: true to replace it"
    assert works(bank.api.key).status == 200


def test_rotation_stops_the_old_key(admin: Api, bank: Bank) -> None:
    assert works(bank.api.key).status == 200  # verified by this process, so no bcrypt any more

    new = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True).data["api_key"]

    refused = works(bank.api.key)
    assert refused.status == 401
    assert refused.description == "This API key is deactivated; ask the operator for a new one"
    assert works(new).status == 200


def test_key_needs_an_existing_consumer(admin: Api, query: Query) -> None:
    before = query("SELECT key_id FROM consumer_api_keys")

    assert admin.post("/consumer/api-key", consumer_id=NOBODY).status == 404

    assert query("SELECT key_id FROM consumer_api_keys") == before


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (0, "expires_in_days: must be at least 1, got 0"),
        (3651, "expires_in_days: must be at most 3650, got 3651"),
        ("365", "expires_in_days: must be a whole number, got '365'"),
        (1.5, "expires_in_days: must be a whole number, got 1.5"),
        (True, "expires_in_days: must be a whole number, got True"),
    ],
)
def test_lifetime_out_of_range_is_refused(
    admin: Api, bank: Bank, days: object, sentence: str
) -> None:
    reply = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, expires_in_days=days)

    assert (reply.status, reply.description) == (422, sentence)


def test_due_key_allows_a_new_one(admin: Api, bank: Bank, query: Query) -> None:
    let_it_expire(query, bank.api.key)

    reply = admin.post("/consumer/api-key", consumer_id=bank.consumer_id)

    assert reply.status == 201
    assert works(reply.data["api_key"]).status == 200
    statuses = query(
        "SELECT api_key_status FROM consumer_api_keys WHERE consumer_id = %(id)s "
        "ORDER BY created_at",
        id=bank.consumer_id,
    )
    assert [row["api_key_status"] for row in statuses] == ["expired", "active"]


def test_simultaneous_first_keys_issue_one(admin: Api, bank: Bank, query: Query) -> None:
    query(
        "UPDATE consumer_api_keys SET api_key_status = 'deactivated' WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
    )
    ask = {"consumer_id": bank.consumer_id}

    replies = together([lambda: admin.post("/consumer/api-key", **ask)] * 4)

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]


def test_simultaneous_rotations_leave_one_key(admin: Api, bank: Bank, query: Query) -> None:
    ask = {"consumer_id": bank.consumer_id, "rotate": True}

    replies = together([lambda: admin.post("/consumer/api-key", **ask)] * 4)

    assert [reply.status for reply in replies] == [201] * 4
    working = [reply for reply in replies if works(reply.data["api_key"]).status == 200]
    active = query(
        "SELECT key_id FROM consumer_api_keys WHERE consumer_id = %(id)s "
        "AND api_key_status = 'active'",
        id=bank.consumer_id,
    )
    assert [key_id(reply.data["api_key"]) for reply in working] == [row["key_id"] for row in active]


def test_database_itself_allows_one_active_key(bank: Bank, query: Query) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation, match="consumer_api_keys_one_active"):
        query(
            "INSERT INTO consumer_api_keys (consumer_id, api_key_hash, expires_at) "
            "VALUES (%(id)s, 'x', 'infinity')",
            id=bank.consumer_id,
        )

    for status in ("expired", "deactivated"):  # of those there may be any number
        query(
            "INSERT INTO consumer_api_keys (consumer_id, api_key_hash, api_key_status, expires_at) "
            "SELECT %(id)s, 'x', %(status)s, now() FROM generate_series(1, 2)",
            id=bank.consumer_id,
            status=status,
        )


@pytest.mark.parametrize("rotate", [True, False])
def test_configuration_alone_issues_admins_key(admin: Api, rotate: bool) -> None:
    """The next migration step would make the old one active again, which may have been lost."""
    reply = admin.post("/consumer/api-key", consumer_id=ADMIN_ID, rotate=rotate)

    assert reply.status == 409
    assert reply.description == (
        "The admin's own key comes from the configuration; set another ADMIN_API_KEY and run the "
        "migration step"
    )
    assert admin.get("/consumer/list").status == 200
