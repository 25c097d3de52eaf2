"""Acts on a bank's access: tried first, with a reason, and with a row that names the bank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.banking.dead_letters.kept import everything
from tests.integration.requests.endpoints import DECORATED
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.console import sign_in
from tests.support.fixtures import Query
from tests.support.keys import key_id
from tests.support.outbox import write_pending


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


WAYS: dict[str, dict[str, Any]] = {
    "POST /consumer/delivery": {
        "delivery": "webhook",
        "url": "https://93.184.216.34/events?token=of-the-bank",
    },
    "POST /consumer/delivery/rotate": {},
    "POST /consumer/delivery/test": {},
    "POST /consumer/format": {"message_format": "xml"},
    "POST /consumer/broker-access": {"rotate": True},
    "DELETE /consumer/broker-access": {},
    "PATCH /consumer/data": {"display_name": "Bank of the North"},
    "POST /events/rewind": {"reason": "leaked"},
    "DELETE /events/rewind": {},
}
"""Acts on how a bank gets its events, and on its name, by what they need beside the bank."""
SECRETS = (
    "POST /consumer/delivery",
    "POST /consumer/delivery/rotate",
    "POST /consumer/broker-access",
)
"""Those whose answers hold a secret, or that send all events elsewhere."""


@pytest.fixture
def way(bank: Bank, admin: Api, query: Query, environment: dict[str, str]) -> Iterator[None]:
    """The bank is called, has an access to the broker, and a rewind of it is not done."""
    assert admin.post("/consumer/broker-access", consumer_id=bank.consumer_id).status == 201
    query(
        "INSERT INTO webhooks (consumer_id, url, max_in_flight, timeout_seconds, secret_seeds)"
        " VALUES (%(id)s, 'https://bank.example/events', 10, 10, '{k1.seed}')",
        id=bank.consumer_id,
    )
    with parts_with(environment, WEBHOOK_TEST_WAIT_SECONDS="1"):
        yield


def do(api: Any, bank: Bank, act: str, **more: object) -> Any:
    method, path = act.split()
    return api(method, path, {"consumer_id": bank.consumer_id, **WAYS[act], **more})


@pytest.mark.parametrize("act", WAYS)
def test_act_on_the_way_names_the_bank(
    way: None, admin: Api, bank: Bank, query: Query, act: str
) -> None:
    if act.endswith("/events/rewind"):
        write_pending(query, bank.consumer_id)
    if act == "DELETE /events/rewind":
        assert do(admin, bank, "POST /events/rewind").status == 202

    assert do(admin, bank, act, reason="leaked").status in {200, 201, 202}

    rows = query("SELECT * FROM audit_log WHERE action = %(act)s AND reason = 'leaked'", act=act)
    assert [row["subject_consumer_id"] for row in rows] == [bank.consumer_id]
    assert "of-the-bank" not in str(rows)


def test_redirection_says_where_to(way: None, admin: Api, bank: Bank, query: Query) -> None:
    assert do(admin, bank, "POST /consumer/delivery").status == 200

    (row,) = query("SELECT details FROM audit_log WHERE action = 'POST /consumer/delivery'")
    told = row["details"]["filter"]  # type: ignore[index]
    assert (told["delivery"], told["url"]) == ("webhook", "https://93.184.216.34/events")


@pytest.mark.parametrize("act", SECRETS)
def test_session_redirects_no_bank(
    way: None, admin: Api, bank: Bank, query: Query, act: str
) -> None:
    before = query("SELECT * FROM webhooks"), query("SELECT * FROM broker_access")

    refused = do(sign_in(admin), bank, act, reason="taken over")

    assert refused.status == 401, refused
    assert (query("SELECT * FROM webhooks"), query("SELECT * FROM broker_access")) == before


@pytest.mark.parametrize("act", sorted(WAYS.keys() - set(SECRETS)))
def test_session_says_why(way: None, admin: Api, bank: Bank, query: Query, act: str) -> None:
    write_pending(query, bank.consumer_id)
    visitor, reason = sign_in(admin), {"reason": "ticket 4711"}
    if act == "DELETE /events/rewind":
        assert do(admin, bank, "POST /events/rewind").status == 202

    if act != "POST /events/rewind":  # which says why in any case
        assert do(visitor, bank, act).status == 422
    reply = do(visitor, bank, act, **reason)

    assert reply.status in {200, 202}, reply


def test_what_answers_a_secret_takes_no_session() -> None:
    """An answer that is never stored has a secret, but for that of a test event."""
    by_session = {
        str(route)
        for route in DECORATED
        if route.spec and route.is_admins and not route.spec.idempotency
        and route.spec.schemes != ("ApiKey",)
    }  # fmt: skip

    assert by_session == {"POST /consumer/delivery/test"}
