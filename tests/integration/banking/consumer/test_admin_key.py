"""The admin's key: installed from the configuration by the migration step, hashed like any other."""

from __future__ import annotations

import pytest

from chalicelib.banking.consumer.admin_key import install_admin_key
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.banking.wiring import Parts
from fintegrate.access.keys import new_api_key
from tests.integration.banking.consumer.keys import key_id, works
from tests.support.api import Api
from tests.support.fixtures import Query

KEYS = """
SELECT key_id, api_key_hash, api_key_status, updated_at FROM consumer_api_keys
WHERE consumer_id = %(id)s ORDER BY created_at
"""


def install(parts: Parts, text: str) -> None:
    install_admin_key(parts.request.database, text, cost=4)


def test_same_key_again_changes_nothing(parts: Parts, admin: Api, query: Query) -> None:
    before = query(KEYS, id=ADMIN_ID)

    install(parts, admin.key or "")

    assert query(KEYS, id=ADMIN_ID) == before
    assert [row["api_key_status"] for row in before] == ["active"]
    assert (admin.key or "")[-72:-8] not in str(before)


def test_new_key_stops_the_old_one(parts: Parts, admin: Api) -> None:
    assert works(admin.key).status == 200
    new = new_api_key().text

    install(parts, new)

    assert works(admin.key).status == 401
    assert Api(new).get("/consumer/list").status == 200


def test_replaced_key_can_come_back(parts: Parts, admin: Api, query: Query) -> None:
    new = new_api_key().text
    install(parts, new)

    install(parts, admin.key or "")

    active = [row for row in query(KEYS, id=ADMIN_ID) if row["api_key_status"] == "active"]
    assert [row["key_id"] for row in active] == [key_id(admin.key)]
    assert works(new).status == 401


@pytest.mark.parametrize("wrong", ["secret-of-mine", "fk_x_y", "fk_" + "0" * 32 + "_" + "0" * 72])
def test_malformed_key_is_not_echoed(parts: Parts, admin: Api, wrong: str) -> None:
    with pytest.raises(ValueError, match="ADMIN_API_KEY is not an API key") as refusal:
        install(parts, wrong)

    assert wrong not in str(refusal.value)
    assert works(admin.key).status == 200
