"""API keys: deactivating and expiring them, from the very next request."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from chalicelib.banking.wiring import Parts
from tests.integration.banking.consumer.keys import let_it_expire, works
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.keys import key_id
from tests.support.schedules import run_schedule

MakeBank = Callable[[], Bank]
NOBODY = str(uuid.uuid4())


@pytest.mark.parametrize("path", ["read", "deactivate"])
def test_malformed_key_is_not_echoed(admin: Api, bank: Bank, path: str) -> None:
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
def test_wrong_type_is_not_echoed(admin: Api, wrong: object) -> None:
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
    assert reply.description.startswith("The admin's own key comes from the configuration; ")
    assert admin.get("/consumer/list").status == 200


def test_deactivated_key_is_replaced_without_rotation(admin: Api, bank: Bank) -> None:
    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    reply = admin.post("/consumer/api-key", consumer_id=bank.consumer_id)

    assert works(reply.data["api_key"]).status == 200


def test_expired_key_needs_no_schedule(bank: Bank, query: Query) -> None:
    assert works(bank.api.key).status == 200

    let_it_expire(query, bank.api.key)

    refused = works(bank.api.key)
    assert refused.status == 401
    assert refused.description == "This API key has expired; ask the operator for a new one"


def test_schedule_expires_only_due_keys(parts: Parts, make_bank: MakeBank, query: Query) -> None:
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


def test_schedule_survives_a_dead_connection(parts: Parts, query: Query) -> None:
    assert run_schedule("expire_api_keys") == {"expired": 0}
    query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    assert run_schedule("expire_api_keys") == {"expired": 0}


def test_only_the_admin_changes_keys(bank: Bank) -> None:
    refused = [
        bank.api.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True),
        bank.api.post("/consumer/deactivate-api-key", api_key=bank.api.key),
        bank.api.post("/consumer/change-status", consumer_id=bank.consumer_id, status="active"),
    ]

    assert [reply.status for reply in refused] == [403] * 3
    assert works(bank.api.key).status == 200
