"""A crash of ours: the caller learns a reference and nothing of the inside; we keep the rest."""

from __future__ import annotations

import pytest

from fintegrate.http.idempotency import IdempotencyKeys
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query

INSIDE = "the inside: SELECT secret FROM vault"


def crash(*_args: object, **_kwargs: object) -> None:
    raise RuntimeError(INSIDE)


@pytest.fixture
def crashing_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.banking.customer.customers.read_customer", crash)


@pytest.mark.usefixtures("crashing_read")
def test_crash_answer_hides_internals(bank: Bank) -> None:
    reply = bank.api(
        "GET",
        "/customer/data",
        query={"customer_id": bank.consumer_id},
        headers={"X-Request-Id": "reference-1"},
    )

    assert reply.status == 500
    assert reply.body == {
        "data": {},
        "detail": {
            "status_code": "500",
            "status_name": "INTERNAL_SERVER_ERROR",
            "status_description": (
                "Something went wrong on our side; report reference reference-1 to support"
            ),
        },
    }
    assert reply.headers["X-Request-Id"] == "reference-1"


@pytest.mark.usefixtures("crashing_read")
def test_crash_is_logged_with_reference(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    bank.api.get("/customer/data", customer_id=bank.consumer_id)

    (record,) = [r for r in caplog.records if r.message == "crash in GET /customer/data"]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == INSIDE


@pytest.mark.usefixtures("crashing_read")
def test_crash_audit_row_hides_internals(bank: Bank, query: Query) -> None:
    bank.api(
        "GET",
        "/customer/data",
        query={"customer_id": bank.consumer_id},
        headers={"X-Request-Id": "reference-2"},
    )

    (row,) = query("SELECT * FROM audit_log WHERE request_id = 'reference-2'")
    assert (row["status_code"], row["consumer_id"]) == (500, bank.consumer_id)
    assert row["action"] == "GET /customer/data"
    assert INSIDE not in str(row)


def test_crash_keeps_only_audit_row(
    bank: Bank, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IdempotencyKeys, "store", crash)
    events = query("SELECT count(*) AS count FROM customer_events")

    reply = bank.api("POST", "/customer/data", {"name": "Jane"}, headers={"Idempotency-Key": "k"})

    assert reply.status == 500
    assert query("SELECT 1 FROM customers") == []
    assert query("SELECT 1 FROM idempotency_keys") == []
    assert query("SELECT count(*) AS count FROM customer_events") == events
    assert len(query("SELECT 1 FROM audit_log WHERE status_code = 500")) == 1


def test_request_after_crash_is_served(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyKeys, "store", crash)
        bank.api("POST", "/customer/data", {"name": "Jane"}, headers={"Idempotency-Key": "k"})

    again = bank.api("POST", "/customer/data", {"name": "Jane"}, headers={"Idempotency-Key": "k"})

    assert again.status == 201
    assert "Idempotency-Replayed" not in again.headers


def test_broken_wiring_answers_in_envelope(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing setting is our fault too; its name is for the log."""
    from chalicelib.banking import wiring

    before = wiring.parts()
    wiring.use(None)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    try:
        reply = bank.api.get("/customer/list")
    finally:
        wiring.use(before)

    assert reply.status == 500
    assert "DATABASE_URL" not in str(reply.body)


def test_odd_headers_cause_no_crash(query: Query, parts: object) -> None:
    odd = {"X-Request-Id": "\u0000", "traceparent": "\u0000", "X-Forwarded-For": "'; --"}

    assert Api("fk_\u0000")("GET", "/customer/list", headers=odd).status == 401
