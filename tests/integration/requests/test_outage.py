"""Requests while the database is away: told to come back, nothing half done, and well afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from chalicelib.banking import wiring
from local.services.service import Service
from tests.support.api import Api


@pytest.fixture
def admin_there(on_own_database: dict[str, str]) -> Iterator[Api]:
    """The admin's view of functions whose database the test may stop."""
    parts = wiring.build(on_own_database)
    wiring.use(parts)
    admin = Api(on_own_database["ADMIN_API_KEY"])
    assert admin.get("/customer/list").status == 200
    yield admin
    parts.close()
    wiring.use(None)


def test_every_request_gets_retry_after(admin_there: Api, own_postgresql: Service) -> None:
    nobody = str(uuid.uuid4())
    own_postgresql.stop()

    replies = [
        admin_there.get("/customer/list"),
        admin_there.post("/customer/data", name="Jane Roe"),
        admin_there("POST", "/customer/data", {"name": "x"}, headers={"Idempotency-Key": "k"}),
        admin_there.delete("/customer/data", customer_id=nobody),
        admin_there.get("/customer/data"),  # even a wrong one: who asks is not known
    ]

    assert {reply.status for reply in replies} == {503}
    for reply in replies:
        assert reply.body == {
            "data": {},
            "detail": {
                "status_code": "503",
                "status_name": "SERVICE_UNAVAILABLE",
                "status_description": "The database cannot be reached; try again shortly",
            },
        }
        assert int(reply.headers["Retry-After"]) >= 1


def test_process_recovers_without_an_error(admin_there: Api, own_postgresql: Service) -> None:
    own_postgresql.stop()
    assert admin_there.get("/customer/list").status == 503
    own_postgresql.start()
    own_postgresql.wait_ready()

    assert admin_there.post("/customer/data", name="Jane Roe").status == 201


def test_database_restart_is_not_noticed(admin_there: Api, own_postgresql: Service) -> None:
    created = admin_there.post("/customer/data", name="Jane Roe").data["customer_id"]

    own_postgresql.kill()
    own_postgresql.start()
    own_postgresql.wait_ready()

    assert admin_there.get("/customer/data", customer_id=created).status == 200


def test_request_with_503_left_nothing(admin_there: Api, own_postgresql: Service) -> None:
    once = {"Idempotency-Key": "k"}
    own_postgresql.stop()
    assert admin_there("POST", "/customer/data", {"name": "Jane"}, headers=once).status == 503
    own_postgresql.start()
    own_postgresql.wait_ready()
    assert admin_there.get("/customer/list").data["customers"] == []

    again = admin_there("POST", "/customer/data", {"name": "Jane"}, headers=once)

    assert (again.status, again.headers.get("Idempotency-Replayed")) == (201, None)
