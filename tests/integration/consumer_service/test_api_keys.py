"""API keys: issuing, rotating, looking at, deactivating and expiring them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import psycopg2
import pytest

from chalicelib.platform import Platform
from fintegrate.api_keys import new_api_key, parse_api_key
from tests.support.api import Api, Bank, Reply
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule
from tests.support.threads import together

MakeBank = Callable[[], Bank]
NOBODY = str(uuid.uuid4())


def key_id(text: str | None) -> str:
    """The public id of a key."""
    key = parse_api_key(text or "")
    assert key is not None
    return key.key_id


def works(key: str | None) -> Reply:
    """What a request with this key gets."""
    return Api(key).get("/customer/list")


def let_it_expire(query: Query, key: str | None) -> None:
    query(
        "UPDATE consumer_api_keys SET expires_at = clock_timestamp() WHERE key_id = %(id)s",
        id=key_id(key),
    )


def test_issued_key_works_and_only_its_hash_is_stored(bank: Bank, query: Query) -> None:
    key = parse_api_key(bank.api.key or "")
    assert key is not None

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
    assert reply.description == "An active key exists; send rotate: true to replace it at once"
    assert works(bank.api.key).status == 200


def test_rotation_stops_the_old_key_at_once(admin: Api, bank: Bank) -> None:
    assert works(bank.api.key).status == 200  # verified by this process, so no bcrypt any more

    new = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True).data["api_key"]

    refused = works(bank.api.key)
    assert refused.status == 401
    assert refused.description == "This API key is deactivated; ask the operator for a new one"
    assert works(new).status == 200


def test_key_for_a_missing_consumer_is_not_found(admin: Api, query: Query) -> None:
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


def test_due_key_does_not_block_a_new_one(admin: Api, bank: Bank, query: Query) -> None:
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


def test_of_first_keys_at_once_one_is_issued(admin: Api, bank: Bank, query: Query) -> None:
    query(
        "UPDATE consumer_api_keys SET api_key_status = 'deactivated' WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
    )
    ask = {"consumer_id": bank.consumer_id}

    replies = together([lambda: admin.post("/consumer/api-key", **ask)] * 4)

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]


def test_rotations_at_once_leave_one_active_key(admin: Api, bank: Bank, query: Query) -> None:
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


@pytest.mark.parametrize("form", ["key", "uuid", "hex", "capitals"])
def test_key_is_named_by_itself_or_by_its_public_id(bank: Bank, form: str) -> None:
    key = bank.api.key or ""
    name = {
        "key": key,
        "uuid": key_id(key),
        "hex": key_id(key).replace("-", ""),
        "capitals": key_id(key).upper(),
    }[form]

    reply = bank.api.get("/consumer/api-key", api_key=name)

    assert reply.status == 200
    assert reply.data["status"] == "active"
    assert set(reply.data) == {"status", "created_at", "expires_at", "updated_at"}


def test_own_key_is_meant_when_none_is_named(bank: Bank, query: Query) -> None:
    (row,) = query("SELECT * FROM consumer_api_keys WHERE key_id = %(id)s", id=key_id(bank.api.key))

    data = bank.api.get("/consumer/api-key").data

    assert data["expires_at"] == row["expires_at"].isoformat(timespec="microseconds")  # type: ignore[attr-defined]


def test_key_in_a_json_body_is_taken_too(bank: Bank) -> None:
    reply = bank.api("GET", "/consumer/api-key", {"api_key": bank.api.key})

    assert (reply.status, reply.data["status"]) == (200, "active")


def test_admins_key_does_not_expire(admin: Api) -> None:
    data = admin.get("/consumer/api-key").data

    assert (data["status"], data["expires_at"]) == ("active", None)


def test_tenant_sees_its_own_keys_only(make_bank: MakeBank, admin: Api) -> None:
    one, other = make_bank(), make_bank()

    foreign = one.api.get("/consumer/api-key", api_key=other.api.key)
    absent = one.api.get("/consumer/api-key", api_key=new_api_key().text)

    assert foreign.status == 404
    assert foreign.body == absent.body
    assert admin.get("/consumer/api-key", api_key=other.api.key).data["status"] == "active"


def test_tenant_sees_its_old_key(admin: Api, bank: Bank) -> None:
    old = bank.api.key
    new = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True).data["api_key"]

    assert Api(new).get("/consumer/api-key", api_key=old).data["status"] == "deactivated"


@pytest.mark.parametrize("path", ["read", "deactivate"])
def test_text_that_is_no_key_is_refused_and_not_repeated(admin: Api, bank: Bank, path: str) -> None:
    typo = (bank.api.key or "")[:-1] + "x"

    reply = (
        admin.get("/consumer/api-key", api_key=typo)
        if path == "read"
        else admin.post("/consumer/deactivate-api-key", api_key=typo)
    )

    assert (reply.status, reply.description) == (
        422,
        "api_key: must be an API key, or its public id as 32 hexadecimal digits or a UUID",
    )


@pytest.mark.parametrize("wrong", [17, ["x"], {"x": "y"}, True])
def test_key_of_a_wrong_type_is_not_repeated(admin: Api, wrong: object) -> None:
    reply = admin.post("/consumer/deactivate-api-key", api_key=wrong)

    assert (reply.status, reply.description) == (422, "api_key: must be a string")


@pytest.mark.parametrize("whole", [True, False])
def test_deactivated_key_stops_at_once(admin: Api, bank: Bank, whole: bool) -> None:
    assert works(bank.api.key).status == 200
    name = bank.api.key if whole else key_id(bank.api.key)

    assert admin.post("/consumer/deactivate-api-key", api_key=name).data == {}

    assert works(bank.api.key).status == 401
    assert admin.get("/consumer/api-key", api_key=name).data["status"] == "deactivated"


def test_key_deactivated_twice_is_refused(admin: Api, bank: Bank) -> None:
    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    reply = admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    assert (reply.status, reply.description) == (409, "This API key is deactivated already")


def test_expired_key_cannot_be_deactivated(admin: Api, bank: Bank, query: Query) -> None:
    let_it_expire(query, bank.api.key)

    reply = admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    assert (reply.status, reply.description) == (409, "This API key is expired already")


def test_missing_key_cannot_be_deactivated(admin: Api) -> None:
    assert admin.post("/consumer/deactivate-api-key", api_key=NOBODY).status == 404


def test_admins_own_key_stays(admin: Api) -> None:
    reply = admin.post("/consumer/deactivate-api-key", api_key=admin.key)

    assert reply.status == 409
    assert reply.description.startswith("The admin's own key cannot be deactivated; ")
    assert admin.get("/consumer/list").status == 200


def test_new_key_after_deactivation_needs_no_rotate(admin: Api, bank: Bank) -> None:
    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    reply = admin.post("/consumer/api-key", consumer_id=bank.consumer_id)

    assert works(reply.data["api_key"]).status == 200


def test_expired_key_is_refused_before_the_schedule_has_run(bank: Bank, query: Query) -> None:
    assert works(bank.api.key).status == 200

    let_it_expire(query, bank.api.key)

    refused = works(bank.api.key)
    assert refused.status == 401
    assert refused.description == "This API key has expired; ask the operator for a new one"


def test_schedule_expires_what_is_due_and_nothing_else(
    platform: Platform, make_bank: MakeBank, query: Query
) -> None:
    due, _fresh = make_bank(), make_bank()
    let_it_expire(query, due.api.key)
    others = "SELECT * FROM consumer_api_keys WHERE consumer_id <> %(id)s ORDER BY key_id"
    before = query(others, id=due.consumer_id)

    assert run_schedule("expire_api_keys") == {"expired": 1}
    assert run_schedule("expire_api_keys") == {"expired": 0}

    (row,) = query("SELECT * FROM consumer_api_keys WHERE consumer_id = %(id)s", id=due.consumer_id)
    assert row["api_key_status"] == "expired"
    assert query(others, id=due.consumer_id) == before
    assert len(before) == 2  # the other bank's and the admin's
    assert works(due.api.key).status == 401


def test_schedule_survives_a_connection_that_died_while_frozen(
    platform: Platform, query: Query
) -> None:
    assert run_schedule("expire_api_keys") == {"expired": 0}
    query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    assert run_schedule("expire_api_keys") == {"expired": 0}


def test_key_and_its_expiry_are_the_admins(bank: Bank) -> None:
    refused = [
        bank.api.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True),
        bank.api.post("/consumer/deactivate-api-key", api_key=bank.api.key),
        bank.api.post("/consumer/change-status", consumer_id=bank.consumer_id, status="active"),
    ]

    assert [reply.status for reply in refused] == [403] * 3
    assert works(bank.api.key).status == 200
