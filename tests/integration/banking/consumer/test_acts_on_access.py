"""Acts on a bank's access: tried first, with a reason, and with a row that names the bank."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.banking.dead_letters.kept import everything
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.keys import key_id


def acts(bank: Bank) -> dict[str, dict[str, Any]]:
    return {
        "/consumer/change-status": {"consumer_id": bank.consumer_id, "status": "deactivated"},
        "/consumer/deactivate-api-key": {"api_key": key_id(bank.api.key or "")},
        "/consumer/api-key": {"consumer_id": bank.consumer_id, "rotate": True},
    }


PATHS = ("/consumer/change-status", "/consumer/deactivate-api-key", "/consumer/api-key")


@pytest.mark.parametrize("path", PATHS)
def test_dry_run_changes_no_access(admin: Api, bank: Bank, query: Query, path: str) -> None:
    before = everything(query)

    reply = admin.post(path, **acts(bank)[path], dry_run=True)

    assert reply.status in {200, 201}, reply
    assert (reply.data["matched"], reply.data["customers"]) == (1, 0)
    assert [bank_hit["consumer_name"] for bank_hit in reply.data["tenants"]] == [bank.name]
    assert "at once" in reply.data["warnings"][0]
    assert everything(query) == before
    assert bank.api.get("/events/list").status == 200


@pytest.mark.parametrize("path", PATHS)
def test_reason_and_bank_are_kept(admin: Api, bank: Bank, query: Query, path: str) -> None:
    assert admin.post(path, **acts(bank)[path], reason="leaked").status in {200, 201}

    rows = query(
        "SELECT * FROM audit_log WHERE action = %(path)s AND reason = 'leaked'", path=f"POST {path}"
    )
    assert [row["subject_consumer_id"] for row in rows] == [bank.consumer_id]
    assert "api_key_hash" not in str(rows[0]["details"])
    assert bank.api.get("/events/list").status in {401, 403}


@pytest.mark.parametrize("path", PATHS)
def test_dry_run_refuses_as_the_act_would(admin: Api, bank: Bank, path: str, query: Query) -> None:
    body = {**acts(bank)[path], "dry_run": True}
    if path != "/consumer/api-key":
        admin.post(path, **acts(bank)[path])
    else:
        body["rotate"] = False

    dry, act = admin.post(path, **body), admin.post(path, **{**body, "dry_run": False})

    assert (dry.status, dry.description) == (act.status, act.description)
    assert dry.status == 409
