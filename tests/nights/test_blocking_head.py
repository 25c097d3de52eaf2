"""A customer is stuck behind an event that the broker returns: the operator gives it up."""

from __future__ import annotations

from tests.integration.banking.events.test_resend import without_route
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import drain


def test_given_up_head_lets_others_go(admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    with without_route(rabbitmq_url, bank.name):
        stuck = bank.create_customer()
        change = {"customer_id": stuck, "status": "INACTIVE"}
        assert bank.api.patch("/customer/change-status", **change).status == 200
        admin.post("/events/resend", period_in_days=1)
    health = admin.get("/events/health").data
    assert (health["waiting_behind_count"], health["paused"]) == (1, [])
    (head,) = admin.get("/events/reconcile").data["heads"]["longest"]
    assert (head["customer_id"], head["waiting"]) == (stuck, 1)
    assert "NO_ROUTE" in head["publish_failure_reason"]

    reason = "refused, agreed with the bank"
    skipped = admin.post(
        "/events/skip-head", customer_id=stuck, event_id=head["event_id"], reason=reason
    )
    admin.post("/events/resend", period_in_days=1)

    assert skipped.status == 200, skipped
    assert "may still come late" in skipped.data["note"]
    assert [delivery.sequence for delivery in drain(rabbitmq_url, bank.name)] == [2]
    ledger = admin.get("/events/reconcile").data
    assert (ledger["heads"]["total"], ledger["balanced"]) == (0, True)
