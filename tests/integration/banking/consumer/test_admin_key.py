"""The admin's key: installed from the configuration by the migration step, hashed like any other."""

from __future__ import annotations

import pytest

from chalicelib.banking.consumer.admin_key import install_admin_key
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.banking.wiring import Parts
from tests.integration.banking.consumer.keys import works
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.keys import key_id, new_key, parsed, unsigned_key, with_wrong_secret

KEYS = """
SELECT key_id, api_key_hash, api_key_status, updated_at FROM consumer_api_keys
WHERE consumer_id = %(id)s ORDER BY created_at
"""


def install(parts: Parts, text: str) -> None:
    install_admin_key(parts.request.database, parts.keys, text, cost=4)


def test_same_key_again_changes_nothing(parts: Parts, admin: Api, query: Query) -> None:
    before = query(KEYS, id=ADMIN_ID)

    install(parts, admin.key or "")

    assert query(KEYS, id=ADMIN_ID) == before
    assert [row["api_key_status"] for row in before] == ["active"]
    assert parsed(admin.key).secret not in str(before)


def test_new_key_stops_the_old_one(parts: Parts, admin: Api) -> None:
    assert works(admin.key).status == 200
    new = new_key()

    install(parts, new)

    assert works(admin.key).status == 401
    assert Api(new).get("/consumer/list").status == 200


@pytest.mark.parametrize("ended", ["replaced", "deactivated", "expired"])
def test_ended_key_never_comes_back(parts: Parts, admin: Api, query: Query, ended: str) -> None:
    old, new = new_key(), new_key()
    install(parts, old)
    if ended != "replaced":
        query(
            "UPDATE consumer_api_keys SET api_key_status = %(to)s WHERE key_id = %(id)s",
            to=ended,
            id=key_id(old),
        )
    install(parts, new)
    before = query(KEYS, id=ADMIN_ID)

    with pytest.raises(ValueError, match="a key never comes back") as refusal:
        install(parts, old)

    assert old not in str(refusal.value)
    assert query(KEYS, id=ADMIN_ID) == before
    assert (works(old).status, works(new).status) == (401, 200)


def test_other_secret_replaces_no_key(parts: Parts, admin: Api) -> None:
    with pytest.raises(ValueError, match="a key never comes back"):
        install(parts, with_wrong_secret(admin.key))

    assert works(admin.key).status == 200


def test_banks_key_is_never_the_admins(parts: Parts, admin: Api, bank: Bank) -> None:
    with pytest.raises(ValueError, match="a key never comes back"):
        install(parts, bank.api.key or "")

    assert works(admin.key).status == works(bank.api.key).status == 200


def test_key_of_the_older_form_is_installed(parts: Parts, admin: Api) -> None:
    old = unsigned_key()

    install(parts, old)

    assert works(old).status == 200


@pytest.mark.parametrize("wrong", ["secret-of-mine", "fk_x_y", "fk_" + "0" * 32 + "_" + "0" * 80])
def test_malformed_key_is_not_echoed(parts: Parts, admin: Api, wrong: str) -> None:
    with pytest.raises(ValueError, match="ADMIN_API_KEY is not an API key") as refusal:
        install(parts, wrong)

    assert wrong not in str(refusal.value)
    assert "the check is made with API_KEY_CHECK_SECRET" in str(refusal.value)
    assert works(admin.key).status == 200
