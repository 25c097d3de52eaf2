"""A key has leaked: what was done with it is found, and it ends for good."""

from __future__ import annotations

import subprocess
import sys

import pytest

from local.machine.checkout import ROOT, Checkout
from local.services.installation import NotMigrated, migrate
from tests.integration.banking.consumer.keys import works
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.keys import key_id

THIEF = "203.0.113.66"


def test_leaked_key_of_a_tenant_ends(admin: Api, bank: Bank, query: Query) -> None:
    thief = Api(bank.api.key, THIEF)
    own = bank.create_customer()
    stolen = thief.post("/customer/data", name="Mallory").data["customer_id"]
    thief.get("/consumer/list")  # refused, which leaves the address

    new = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
    uses = admin.get("/consumer/api-key/uses", key=key_id(bank.api.key)).data["uses"]

    assert {use["customer_id"] for use in uses if use["kind"] == "event"} == {own, stolen}
    assert [use["source_ip"] for use in uses if use["kind"] == "audit"] == [THIEF]
    status = admin.get("/consumer/api-key", api_key=key_id(bank.api.key)).data["status"]
    assert status == "deactivated"
    assert thief.get("/customer/list").status == 401
    assert works(new.data["api_key"]).status == 200
    rows = query("SELECT source_ip FROM audit_log WHERE status_code = 401")
    assert rows == [{"source_ip": THIEF}]


def test_leaked_key_of_the_admin_ends(admin: Api, bank: Bank, environment: dict[str, str]) -> None:
    thief, made = Api(admin.key, THIEF), bank.consumer_id
    assert thief.post("/consumer/api-key", consumer_id=made, rotate=True).status == 201

    printed = subprocess.run(
        [sys.executable, "-m", "local", "admin-key"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    new = printed.stdout.strip()
    migrate(Checkout(), {**environment, "ADMIN_API_KEY": new})

    operator = Api(new)
    assert thief.get("/consumer/list").status == 401
    uses = operator.get("/consumer/api-key/uses", key=key_id(admin.key)).data["uses"]
    assert ("POST /consumer/api-key", THIEF) in [(u["action"], u["source_ip"]) for u in uses]
    assert made in [use["customer_id"] for use in uses]
    stop = {"consumer_id": made, "status": "deactivated"}
    assert operator.post("/consumer/change-status", **stop).status == 200
    with pytest.raises(NotMigrated, match="a key never comes back"):
        migrate(Checkout(), environment)
    assert works(new).status == 200
