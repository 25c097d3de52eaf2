"""What a bank does from its first key to its last confirmation, and what it is refused, by HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import httpx
import pytest

from tests.acceptance.http.conftest import Served
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import take
from tests.support.fixtures import Query
from tests.support.outbox import write_pending


def test_customer_reaches_its_bank(bank: Bank, rabbitmq_url: str) -> None:
    customer_id = bank.create_customer("Ada Lovelace")
    assert bank.api.get("/customer/data", customer_id=customer_id).data["name"] == "Ada Lovelace"
    bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
    created, changed = take(rabbitmq_url, bank.name, 2)
    assert [created.sequence, changed.sequence] == [1, 2]
    event_id = created.properties.message_id
    reply = bank.api.post("/events/confirm-delivery", event_id=event_id, status="processed")
    assert reply.status == 200, reply
    assert bank.api.get("/events/data", event_id=event_id).data["deliver_status"] == "delivered"


def test_other_banks_see_nothing(make_bank: Callable[[], Bank]) -> None:
    bank, other = make_bank(), make_bank()
    customer_id = bank.create_customer()
    assert bank.api.get("/customer/data", customer_id=customer_id).status == 200
    assert other.api.get("/customer/data", customer_id=customer_id).status == 404
    assert other.api.with_key("fk_unknown").get("/customer/list").status == 401


def test_repeated_request_is_answered_from_memory(bank: Bank) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = bank.api("POST", "/customer/data", {"name": "Jane Roe"}, headers=headers)
    again = bank.api("POST", "/customer/data", {"name": "Jane Roe"}, headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert again.data == first.data
    assert again.headers["idempotency-replayed"] == "true"


def test_resend_publishes_pending_events(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    write_pending(query, bank.consumer_id, events_each=2)
    assert bank.api.post("/events/resend", period_in_days=1).status == 200
    assert [delivery.sequence for delivery in take(rabbitmq_url, bank.name, 2)] == [1, 2]
    assert bank.api.get("/events/health").data["pending_count"] == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/no/such/path", 404), ("PUT", "/customer/data", 405), ("GET", "/customer/data", 401)],
)
def test_refusals_are_envelopes(served: Served, method: str, path: str, status: int) -> None:
    url = f"{served.server.base_url}{path}"
    answer = httpx.request(method, url, headers={"X-Request-Id": "mine-1"}, timeout=30)
    assert answer.status_code == status
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.json()["detail"]["status_code"] == str(status)
    assert answer.json()["data"] == {}
    if status == 405:
        assert "GET" in answer.headers["allow"]


def test_functions_reach_every_server(served: Served, bank: Bank) -> None:
    health = served.client.get("/health").json()["data"]
    assert {name: health[name]["status"] for name in health} == {
        "database": "up",
        "broker": "up",
        "cache": "up",
        "schedules": "on_time",
    }
    limited = bank.api.get("/customer/list")  # Redis away would mean: no limit, and no such headers
    assert int(limited.headers["ratelimit-remaining"]) > 0


def test_public_pages_are_served(served: Served, admin: Api) -> None:
    base = served.server.base_url
    assert httpx.get(f"{base}/openapi.json", timeout=30).json()["openapi"].startswith("3.")
    assert "<html" in httpx.get(f"{base}/docs", timeout=30).text.lower()
    metrics = httpx.get(f"{base}/metrics", headers={"X-API-Key": admin.key or ""}, timeout=30)
    assert "fintegrate_events_pending" in metrics.text
