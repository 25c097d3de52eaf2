"""A bank's events have no route for so long that its events fail: they are taken up again."""

from __future__ import annotations

from typing import Any

from tests.integration.banking.events.test_resend import without_route
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import drain
from tests.support.fixtures import Query
from tests.support.outbox import by_customer, statuses
from tests.support.schedules import run_schedule

TRIES = 10
"""`PUBLISH_MAX_TRIES`, as in operation."""


def ledger(admin: Api) -> dict[str, Any]:
    return admin.get("/events/reconcile").data


def test_failed_events_are_taken_up_again(
    admin: Api, bank: Bank, query: Query, rabbitmq_url: str
) -> None:
    with without_route(rabbitmq_url, bank.name):
        newest, followed = bank.create_customer(), bank.create_customer()
        for _ in range(TRIES):
            run_schedule("resend")
    assert statuses(query, bank.consumer_id) == {"failed": 2}
    change = {"customer_id": followed, "status": "INACTIVE"}
    assert bank.api.patch("/customer/change-status", **change).status == 200
    assert admin.get("/events/health").data["failed_count"] == 2
    assert ledger(admin)["total"]["discrepancies"]["publish_failed_unacknowledged"] == 2
    assert ledger(admin)["balanced"] is False

    taken_up = admin.post("/events/resend", period_in_days=7, include_failed=True).data
    late = admin.post(
        "/events/resend", period_in_days=7, include_failed=True, include_late=True
    ).data

    assert (taken_up["reopened_count"], taken_up["late_count"]) == (1, 1)
    assert (late["reopened_count"], late["summary"]["succeeded"]) == (0, 1)
    deliveries = drain(rabbitmq_url, bank.name)
    assert by_customer(deliveries) == {newest: [1], followed: [2, 1]}
    assert [delivery.body["metadata"].get("late") for delivery in deliveries] == [None, None, True]
    assert admin.get("/events/health").data["failed_count"] == 0
    assert ledger(admin)["balanced"] is True
