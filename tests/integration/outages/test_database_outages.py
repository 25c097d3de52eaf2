"""What a request answers while PostgreSQL is away, and after it came back."""

from __future__ import annotations

import pytest

from chalicelib.operations import health
from local.services.running import RunningServices
from tests.support.banking import Bank
from tests.support.fixtures import Query


def test_restart_between_requests_goes_unnoticed(bank: Bank, services: RunningServices) -> None:
    bank.create_customer()

    services.postgresql.restart()

    bank.create_customer()
    assert len(bank.api.get("/events/list").data["events"]) == 2


def test_terminated_backend_is_not_noticed(bank: Bank, query: Query) -> None:
    bank.create_customer()

    query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    bank.create_customer()


def test_database_outage_says_when_to_return(bank: Bank, services: RunningServices) -> None:
    services.postgresql.stop()

    reply = bank.api.post("/customer/data", name="Ada")

    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert "database" in reply.description


def test_health_follows_the_database(
    bank: Bank, services: RunningServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    services.postgresql.stop()
    assert bank.api.get("/health").status == 503

    services.postgresql.start()
    services.postgresql.wait_ready()
    assert bank.api.get("/health").status == 200
