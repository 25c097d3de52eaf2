"""The audit log: who did or tried what, in which request, and why not; bounded for strangers."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

import psycopg2
import pytest

from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.metrics import AUDIT_LEFT_OUT
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.keys import key_id, new_key, with_wrong_secret


def audit(query: Query, request_id: str) -> list[dict[str, object]]:
    """The rows of one request, without what the database makes up."""
    return query(
        "SELECT consumer_id, key_id, action, status_code, reason, source_ip FROM audit_log "
        "WHERE request_id = %(id)s",
        id=request_id,
    )


def fresh() -> dict[str, str]:
    """Headers with a request id of the test's own."""
    return {"X-Request-Id": str(uuid.uuid4())}


def test_unknown_key_is_audited_with_address(query: Query, bank: Bank) -> None:
    key, headers = new_key(), fresh()

    Api(key, source_ip="203.0.113.9")("GET", "/customer/list", headers=headers)

    assert audit(query, headers["X-Request-Id"]) == [
        {
            "consumer_id": None,
            "key_id": key_id(key),
            "action": "GET /customer/list",
            "status_code": 401,
            "reason": "X-API-Key is not a valid key; ask the operator for a new one",
            "source_ip": "203.0.113.9",
        }
    ]


def test_deactivated_key_names_its_consumer(query: Query, bank: Bank, admin: Api) -> None:
    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)
    headers = fresh()

    bank.api("GET", "/customer/list", headers=headers)

    (row,) = audit(query, headers["X-Request-Id"])
    assert (row["status_code"], row["consumer_id"]) == (401, bank.consumer_id)
    assert row["key_id"] == key_id(bank.api.key)


def test_wrong_secret_names_no_consumer(query: Query, bank: Bank) -> None:
    """Who does not know the secret may not write into a tenant's part of the log."""
    headers = fresh()
    wrong = with_wrong_secret(bank.api.key)

    Api(wrong)("GET", "/customer/list", headers=headers)

    (row,) = audit(query, headers["X-Request-Id"])
    assert (row["status_code"], row["consumer_id"], row["key_id"]) == (
        401,
        None,
        key_id(bank.api.key),
    )


def test_forbidden_and_conflict_leave_rows(query: Query, bank: Bank) -> None:
    forbidden, conflict = fresh(), fresh()
    customer_id = bank.create_customer()

    bank.api("GET", "/consumer/list", headers=forbidden)
    bank.api(
        "PATCH",
        "/customer/change-status",
        {"customer_id": customer_id, "status": "ACTIVE"},
        headers=conflict,
    )

    (row,) = audit(query, forbidden["X-Request-Id"])
    assert (row["status_code"], row["consumer_id"]) == (403, bank.consumer_id)
    (row,) = audit(query, conflict["X-Request-Id"])
    assert row == {
        "consumer_id": bank.consumer_id,
        "key_id": key_id(bank.api.key),
        "action": "PATCH /customer/change-status",
        "status_code": 409,
        "reason": f"Customer {customer_id} is already ACTIVE",
        "source_ip": "127.0.0.1",
    }


def test_admins_action_is_audited(query: Query, admin: Api, bank: Bank) -> None:
    headers = fresh()

    admin(
        "POST",
        "/consumer/change-status",
        {"consumer_id": bank.consumer_id, "status": "deactivated"},
        headers=headers,
    )

    (row,) = audit(query, headers["X-Request-Id"])
    assert (row["consumer_id"], row["action"]) == (ADMIN_ID, "POST /consumer/change-status")
    assert (row["status_code"], row["reason"]) == (200, "done")


def test_admins_refused_action_is_audited(query: Query, admin: Api, bank: Bank) -> None:
    headers = {**fresh(), "Idempotency-Key": "k"}

    admin("POST", "/consumer/data", {"consumer_name": bank.name}, headers=headers)

    (row,) = audit(query, headers["X-Request-Id"])
    assert (row["status_code"], row["consumer_id"]) == (409, ADMIN_ID)
    assert query("SELECT 1 FROM idempotency_keys") == []


def test_looks_and_everyday_mistakes_leave_nothing(query: Query, admin: Api, bank: Bank) -> None:
    before = query("SELECT count(*) AS count FROM audit_log")

    admin.get("/consumer/list")
    bank.create_customer()
    bank.api.get("/customer/data", customer_id=str(uuid.uuid4()))
    bank.api.post("/customer/data", nme="x")
    bank.api("POST", "/customer/data", raw=b"{")

    assert query("SELECT count(*) AS count FROM audit_log") == before


def test_strangers_cannot_fill_the_log(
    query: Query, bank: Bank, environment: dict[str, str]
) -> None:
    with parts_with(environment):
        for _ in range(80):
            assert Api(new_key()).get("/customer/list").status == 401
        strangers = "SELECT count(*) AS count FROM audit_log WHERE consumer_id IS NULL"
        assert query(strangers) == [{"count": 60}]

        bank.api.get("/consumer/list")

    assert query("SELECT count(*) AS count FROM audit_log WHERE status_code = 403") == [
        {"count": 1}
    ]


def test_one_keys_refusals_are_bounded(
    make_bank: Callable[[], Bank],
    environment: dict[str, str],
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noisy, quiet = make_bank(), make_bank()
    with parts_with(environment, AUDIT_REFUSALS_PER_MINUTE="3") as parts:
        counted = []
        monkeypatch.setattr(parts.metrics, "count", lambda *counts: counted.append(counts))
        for _ in range(5):
            assert noisy.api.get("/consumer/list").status == 403
        quiet.api.get("/consumer/list")
    with parts_with(
        environment, AUDIT_REFUSALS_PER_MINUTE="3"
    ):  # nor does another process write more
        noisy.api.get("/consumer/list")

    rows = query("SELECT consumer_id FROM audit_log WHERE status_code = 403")
    assert [row["consumer_id"] for row in rows].count(noisy.consumer_id) == 3
    assert [row["consumer_id"] for row in rows].count(quiet.consumer_id) == 1
    assert counted.count((AUDIT_LEFT_OUT, "known")) == 2


def test_made_up_keys_hide_no_real_one(
    bank: Bank, environment: dict[str, str], query: Query
) -> None:
    with parts_with(environment, AUDIT_REFUSALS_PER_MINUTE="2"):
        for _ in range(4):
            Api(new_key()).get("/customer/list")
        Api(with_wrong_secret(bank.api.key)).get("/customer/list")

    rows = query("SELECT key_id FROM audit_log WHERE status_code = 401")
    assert len(rows) == 3
    assert {"key_id": key_id(bank.api.key)} in rows


def test_wrong_secrets_hide_no_thief(bank: Bank, environment: dict[str, str], query: Query) -> None:
    """Who knows a key's public id can repeat a wrong secret of it for ever."""
    wrong = Api(with_wrong_secret(bank.api.key))
    with parts_with(environment, AUDIT_REFUSALS_PER_MINUTE="2"):
        for _ in range(4):
            wrong.get("/customer/list")
        bank.api.get("/consumer/list")

    rows = query(
        "SELECT status_code FROM audit_log WHERE key_id = %(id)s ORDER BY created_at",
        id=key_id(bank.api.key),
    )
    assert [row["status_code"] for row in rows] == [401, 401, 403]


def test_malformed_keys_leave_nothing(query: Query, bank: Bank) -> None:
    before = query("SELECT count(*) AS count FROM audit_log")

    Api(None).get("/customer/list")
    Api((bank.api.key or "") + "0").get("/customer/list")

    assert query("SELECT count(*) AS count FROM audit_log") == before


def test_unwritten_audit_row_spares_refusal(
    bank: Bank, environment: dict[str, str], database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE")
        with parts_with(environment, DATABASE_LOCK_TIMEOUT_MS="100"):
            reply = bank.api.get("/consumer/list")
    connection.close()

    assert reply.status == 403
    lost = [r for r in caplog.records if r.getMessage().startswith("audit row lost: ")]
    assert [record.levelno for record in lost] == [logging.WARNING]
