"""The consumer's view equals the platform's rows, whatever comes again, and a rewind builds it anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events import rewind_worker
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from local.banking.consumer.view import CustomerView, view_beside
from local.banking.demo.ledger import differing
from local.banking.queue_figures import Figures
from local.serving.server import Server, start_server
from tests.integration.local.banking_consumer.bank import Bank as Program
from tests.integration.local.banking_consumer.fake_api import FakeApi
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import statuses
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

GIVEN_UP = """
UPDATE customer_events
SET publish_status = 'failed', published_at = NULL, publish_try_count = 10,
    publish_failure_reason = 'NO_ROUTE', deliver_status = 'pending', delivered_at = NULL
WHERE customer_id = %(customer_id)s AND sequence = 1
"""
UNCONFIRMED = """
UPDATE customer_events SET deliver_status = 'pending', delivered_at = NULL
WHERE consumer_id = %(consumer_id)s
"""


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {
        **environment,
        "DELIVERY_GRACE_SECONDS": "0",
        "QUEUE_FIGURES_DELAY_SECONDS": "0",
        "PUBLISH_HANDOFF_SECONDS": "1",
    }


@pytest.fixture
def tenant(make_bank: Callable[[], Bank], monkeypatch: pytest.MonkeyPatch) -> Bank:
    """A bank that the functions know. Its rewinds do not wait long for other publishers."""
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    return make_bank()


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[Server]:
    """The API by HTTP, which the consumer confirms to."""
    with start_server({**environment, "SCHEDULER": "off"}) as server:
        yield server


@pytest.fixture
def program(tenant: Bank, server: Server, rabbitmq_url: str, tmp_path: Path) -> Iterator[Program]:
    """The bank's reference consumer, which confirms to the real API."""
    api = FakeApi(0)
    api.base_url = server.base_url
    program = Program(rabbitmq_url, api, tmp_path, tenant.name)
    yield program
    program.close()


def run(program: Program, tenant: Bank) -> str:
    """Let the consumer read until its queue is empty."""
    status, output = program.run(
        "--view", "--stop-when-idle", "1.5", FINTEGRATE_API_KEY=tenant.api.key or ""
    )
    assert status == 0, output
    return output


def differences(program: Program, tenant: Bank) -> list[str]:
    rows = tenant.api.get("/customer/list", limit=200).data["customers"]
    assert rows
    with CustomerView(view_beside(program.store)) as view:
        return list(differing(view.customers(), rows))


def test_view_is_equal_and_built_anew(
    admin: Api, tenant: Bank, program: Program, query: Query, parts: Parts
) -> None:
    customers = [tenant.create_customer(f"Ann {number} & Söhne") for number in range(6)]
    for customer_id in customers[:4]:
        tenant.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")
    tenant.api.delete("/customer/data", customer_id=customers[0])
    run(program, tenant)
    assert differences(program, tenant) == []
    tenant.api.patch("/customer/change-status", customer_id=customers[1], status="ACTIVE")
    assert differences(program, tenant) != [], "the comparison sees what the view has not"
    admin.post("/consumer/format", consumer_id=tenant.consumer_id, message_format="xml")

    query(UNCONFIRMED, consumer_id=tenant.consumer_id)
    query(GIVEN_UP, customer_id=customers[1])
    keep(parts.sweep_database, [Figures(queue_name(tenant.name), 0, 0)], 0)
    tenant.api.post("/events/redeliver", period_in_days=1)
    late = {"period_in_days": 1, "include_failed": True, "include_late": True}
    assert tenant.api.post("/events/resend", **late).data["late_count"] == 1
    assert "repeat" in run(program, tenant)
    assert differences(program, tenant) == [], "after redelivery, and a late event"

    tenant.api.post("/replay/data", mode="all", per_second=500, reason="to see what happens")
    run_schedule("replay")
    assert "repeat" in run(program, tenant)
    assert differences(program, tenant) == [], "after a replay"

    view_beside(program.store).unlink()
    job = {"consumer_id": tenant.consumer_id}
    beginning = {"from": "2020-01-01T00:00:00Z", "include_processed": True}
    asked = admin.post("/events/rewind", **job, **beginning, reason="the view is lost")
    assert asked.status < 300, asked
    eventually(
        lambda: (
            run_schedule("rewind") and admin.get("/events/rewind", **job).data["status"] == "done"
        )
    )
    run(program, tenant)
    assert differences(program, tenant) == [], "built anew"
    assert statuses(query, tenant.consumer_id, "deliver_status") == {"delivered": 12}
