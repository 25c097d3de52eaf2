"""Consumers: onboarding, reading, listing, deactivating; who may do what."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from chalicelib.banking.tenants import ADMIN_ID
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.broker import delete_queues
from tests.support.fixtures import Query

MakeBank = Callable[[], Bank]
NOBODY = str(uuid.uuid4())


def test_new_consumer_is_active(bank: Bank, query: Query) -> None:
    rows = query("SELECT * FROM consumers WHERE name = %(name)s", name=bank.name)

    assert [(row["consumer_id"], row["status"]) for row in rows] == [(bank.consumer_id, "active")]


def test_taken_name_leaves_nothing(admin: Api, bank: Bank, query: Query) -> None:
    reply = admin.post("/consumer/data", consumer_name=bank.name)

    assert reply.status == 409
    assert reply.description == f"A consumer named {bank.name} exists; choose another name"
    counts = query("""SELECT (SELECT count(*) FROM consumers) AS consumers,
                             (SELECT count(*) FROM customer_events) AS events""")
    assert counts == [{"consumers": 2, "events": 1}]  # the admin and the bank; the bank's event


def test_admins_name_is_taken(admin: Api) -> None:
    assert admin.post("/consumer/data", consumer_name="system_default").status == 409


@pytest.mark.parametrize(
    "name", ["", "Bank", "bank-1", "bank.x", "bank x", "bank\n", "bänk", "a" * 65, "#", "*"]
)
def test_name_unfit_for_queues_is_refused(admin: Api, name: str) -> None:
    reply = admin.post("/consumer/data", consumer_name=name)

    assert reply.status == 422
    assert reply.description.startswith("consumer_name: must match ^[a-z0-9_]{1,64}$, got ")


def test_longest_name_works(admin: Api, rabbitmq_url: str) -> None:
    name = f"{uuid.uuid4().hex}{uuid.uuid4().hex}"

    assert len(name) == 64
    assert admin.post("/consumer/data", consumer_name=name).status == 201
    delete_queues(rabbitmq_url, name)


def test_admin_reads_any_consumer(admin: Api, bank: Bank, query: Query) -> None:
    reply = admin.get("/consumer/data", consumer_id=bank.consumer_id)

    (row,) = query("SELECT * FROM consumers WHERE name = %(name)s", name=bank.name)
    assert reply.status == 200
    assert reply.data == {
        "name": bank.name,
        "display_name": None,
        "status": "active",
        "message_format": "json",
        "created_at": row["created_at"].isoformat(timespec="microseconds"),  # type: ignore[attr-defined]
        "updated_at": row["updated_at"].isoformat(timespec="microseconds"),  # type: ignore[attr-defined]
    }


def test_tenant_reads_itself(bank: Bank) -> None:
    reply = bank.api.get("/consumer/data", consumer_id=bank.consumer_id.upper())

    assert (reply.status, reply.data["name"]) == (200, bank.name)


def test_other_consumer_looks_absent(make_bank: MakeBank) -> None:
    one, other = make_bank(), make_bank()

    foreign = one.api.get("/consumer/data", consumer_id=other.consumer_id)
    admins = one.api.get("/consumer/data", consumer_id=ADMIN_ID)
    absent = one.api.get("/consumer/data", consumer_id=NOBODY)

    assert foreign.status == 404
    assert foreign.body == admins.body == absent.body
    assert foreign.description == "No such consumer; check consumer_id"


def test_missing_consumer_is_not_found(admin: Api) -> None:
    assert admin.get("/consumer/data", consumer_id=NOBODY).status == 404


def test_list_holds_every_consumer_oldest_first(admin: Api, make_bank: MakeBank) -> None:
    banks = [make_bank(), make_bank()]

    listed = admin.get("/consumer/list").data["consumers"]

    assert [one["name"] for one in listed] == ["system_default", *(bank.name for bank in banks)]
    assert listed[1]["consumer_id"] == banks[0].consumer_id
    assert set(listed[1]) == {
        "consumer_id", "name", "display_name", "status", "message_format", "created_at", "updated_at"
    }  # fmt: skip


def test_display_name_alone_may_change(admin: Api, bank: Bank) -> None:
    changed = admin.patch(
        "/consumer/data", consumer_id=bank.consumer_id, display_name="Bank of the North"
    )
    renamed = admin.patch("/consumer/data", consumer_id=bank.consumer_id, consumer_name="other")

    assert (changed.status, renamed.status) == (200, 422)
    found = admin.get("/consumer/data", consumer_id=bank.consumer_id).data
    assert (found["name"], found["display_name"]) == (bank.name, "Bank of the North")
    assert found["updated_at"] == changed.data["updated_at"]
    assert admin.patch("/consumer/data", consumer_id=NOBODY, display_name="x").status == 404


def test_deactivated_consumer_is_refused_at_once(
    admin: Api, bank: Bank, make_bank: MakeBank
) -> None:
    other = make_bank()
    assert bank.api.get("/customer/list").status == 200  # this process has verified the key

    assert (
        admin.post(
            "/consumer/change-status", consumer_id=bank.consumer_id, status="deactivated"
        ).data
        == {}
    )

    refused = bank.api.get("/customer/list")
    assert refused.status == 403
    assert refused.description == "This consumer is deactivated; ask the operator to activate it"
    assert other.api.get("/customer/list").status == 200


def test_activated_consumer_works_at_once(admin: Api, bank: Bank) -> None:
    change = {"consumer_id": bank.consumer_id}
    admin.post("/consumer/change-status", **change, status="deactivated")

    assert admin.post("/consumer/change-status", **change, status="active").status == 200

    assert bank.api.get("/customer/list").status == 200


def test_status_change_shows_in_the_data(admin: Api, bank: Bank) -> None:
    before = admin.get("/consumer/data", consumer_id=bank.consumer_id).data

    admin.post("/consumer/change-status", consumer_id=bank.consumer_id, status="deactivated")

    after = admin.get("/consumer/data", consumer_id=bank.consumer_id).data
    assert after["status"] == "deactivated"
    assert after["created_at"] == before["created_at"]
    assert after["updated_at"] > before["updated_at"]


@pytest.mark.parametrize("status", ["active", "deactivated"])
def test_status_that_it_has_is_refused(admin: Api, bank: Bank, status: str) -> None:
    change = {"consumer_id": bank.consumer_id, "status": status}
    if status == "deactivated":
        admin.post("/consumer/change-status", **change)

    reply = admin.post("/consumer/change-status", **change)

    assert reply.status == 409
    assert reply.description == f"Consumer {bank.consumer_id} is already {status}"


def test_missing_consumers_status_is_not_found(admin: Api) -> None:
    reply = admin.post("/consumer/change-status", consumer_id=NOBODY, status="deactivated")

    assert reply.status == 404


def test_admins_own_consumer_stays_active(admin: Api) -> None:
    reply = admin.post("/consumer/change-status", consumer_id=ADMIN_ID, status="deactivated")

    assert reply.status == 409
    assert "admin's own consumer cannot be deactivated" in reply.description
    assert admin.get("/consumer/data", consumer_id=ADMIN_ID).data["status"] == "active"


@pytest.mark.parametrize("status", ["ACTIVE", "expired", "", None, 1])
def test_status_that_is_none_is_refused(admin: Api, bank: Bank, status: object) -> None:
    reply = admin.post("/consumer/change-status", consumer_id=bank.consumer_id, status=status)

    assert reply.status == 422
    assert reply.description.startswith("status: must be active or deactivated, got ")


def test_of_changes_at_once_one_wins(admin: Api, bank: Bank) -> None:
    change = {"consumer_id": bank.consumer_id, "status": "deactivated"}

    replies = together([lambda: admin.post("/consumer/change-status", **change)] * 4)

    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
