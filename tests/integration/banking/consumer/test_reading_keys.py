"""API keys: what became of one, without showing it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.keys import key_id, new_key

MakeBank = Callable[[], Bank]


@pytest.mark.parametrize("form", ["key", "uuid", "hex", "capitals"])
def test_key_is_found_by_public_id(bank: Bank, form: str) -> None:
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


def test_own_key_is_the_default(bank: Bank, query: Query) -> None:
    (row,) = query("SELECT * FROM consumer_api_keys WHERE key_id = %(id)s", id=key_id(bank.api.key))

    data = bank.api.get("/consumer/api-key").data

    assert data["expires_at"] == row["expires_at"].isoformat(timespec="microseconds")  # type: ignore[attr-defined]


def test_key_may_be_in_the_body(bank: Bank) -> None:
    reply = bank.api("GET", "/consumer/api-key", {"api_key": bank.api.key})

    assert (reply.status, reply.data["status"]) == (200, "active")


def test_admins_key_does_not_expire(admin: Api) -> None:
    data = admin.get("/consumer/api-key").data

    assert (data["status"], data["expires_at"]) == ("active", None)


def test_tenant_sees_its_own_keys_only(make_bank: MakeBank, admin: Api) -> None:
    one, other = make_bank(), make_bank()

    foreign = one.api.get("/consumer/api-key", api_key=other.api.key)
    absent = one.api.get("/consumer/api-key", api_key=new_key())

    assert foreign.status == 404
    assert foreign.body == absent.body
    assert admin.get("/consumer/api-key", api_key=other.api.key).data["status"] == "active"


def test_tenant_sees_its_old_key(admin: Api, bank: Bank) -> None:
    old = bank.api.key
    new = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True).data["api_key"]

    assert Api(new).get("/consumer/api-key", api_key=old).data["status"] == "deactivated"
