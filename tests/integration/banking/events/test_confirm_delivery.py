"""POST /events/confirm-delivery: the receipt is a state machine, and processed is final."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from tests.support.api import Reply
from tests.support.banking import Bank
from tests.support.fixtures import Query


def confirm(bank: Bank, event_id: str, status: str, **fields: object) -> Reply:
    return bank.api.post("/events/confirm-delivery", event_id=event_id, status=status, **fields)


def life(bank: Bank, event_id: str) -> dict[str, object]:
    """All of it but the durations: what is not finished grows."""
    reply = bank.api.get("/events/data", event_id=event_id)
    assert reply.status == 200, reply
    return {name: value for name, value in reply.data.items() if name != "durations"}


def receipt_status(bank: Bank, event_id: str) -> object:
    (receipt,) = life(bank, event_id)["receipts"]
    return receipt["processing_status"]


@pytest.mark.parametrize("status", ["received", "processed"])
def test_received_or_processed_event_is_delivered(bank: Bank, event_id: str, status: str) -> None:
    assert confirm(bank, event_id, status).status == 200

    event = life(bank, event_id)
    assert event["deliver_status"] == "delivered"
    assert event["delivered_at"] is not None
    assert receipt_status(bank, event_id) == status


def test_failed_event_keeps_the_consumers_reason(bank: Bank, event_id: str) -> None:
    confirm(bank, event_id, "failed", failure_reason="unknown branch")

    event = life(bank, event_id)
    assert (event["deliver_status"], event["deliver_failure_reason"]) == (
        "failed",
        "unknown branch",
    )


@pytest.mark.parametrize("status", ["received", "processed", "failed"])
def test_same_confirmation_again_changes_nothing(bank: Bank, event_id: str, status: str) -> None:
    confirm(bank, event_id, status)
    before = life(bank, event_id)

    assert confirm(bank, event_id, status).status == 200

    assert life(bank, event_id) == before


def test_processed_never_falls_back_to_received(bank: Bank, event_id: str) -> None:
    confirm(bank, event_id, "processed")

    assert confirm(bank, event_id, "received").status == 200

    assert receipt_status(bank, event_id) == "processed"


def test_failed_event_stays_processed(bank: Bank, event_id: str) -> None:
    confirm(bank, event_id, "processed")

    reply = confirm(bank, event_id, "failed", failure_reason="too late")

    assert reply.status == 409
    assert life(bank, event_id)["deliver_status"] == "delivered"


def test_failed_event_can_still_be_processed(bank: Bank, event_id: str) -> None:
    confirm(bank, event_id, "failed", failure_reason="disk full")

    confirm(bank, event_id, "processed")

    event = life(bank, event_id)
    assert (event["deliver_status"], event["deliver_failure_reason"]) == ("delivered", None)


def test_foreign_event_looks_absent(make_bank: Callable[[], Bank], event_id: str) -> None:
    other = make_bank()

    foreign = confirm(other, event_id, "processed")
    missing = confirm(other, str(uuid.uuid4()), "processed")

    assert foreign.status == 404
    assert foreign.body == missing.body


def test_confirmation_marks_pending_event_published(
    bank: Bank, event_id: str, query: Query
) -> None:
    query(
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL"
        " WHERE event_id = %(id)s",
        id=event_id,
    )

    confirm(bank, event_id, "processed")

    event = life(bank, event_id)
    assert (event["publish_status"], event["deliver_status"]) == ("published", "delivered")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "done"}, "status: must be received, processed or failed, got 'done'"),
        ({"received_at": "2026-01-01T00:00:00"}, "received_at: must be an ISO 8601 time"),
        ({"failure_reason": "x"}, "failure_reason only goes with status failed"),
    ],
)
def test_wrong_confirmation_is_explained(
    bank: Bank, event_id: str, fields: dict[str, object], sentence: str
) -> None:
    body = {"event_id": event_id, "status": "processed", **fields}

    reply = bank.api("POST", "/events/confirm-delivery", body)

    assert reply.status == 422
    assert sentence in reply.description
