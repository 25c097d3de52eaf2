"""Everything about one customer, as one document."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from chalicelib.banking.leaving import customer_export
from tests.support.banking import Bank, parts_with

Live = Callable[..., list[str]]
EXPORT = "/customer/export"


def test_document_holds_everything(bank: Bank, lived_in: Live) -> None:
    customer_id, *_ = lived_in(2)

    document = bank.api.get(EXPORT, customer_id=customer_id).data

    assert document["customer"]["name"] == "Customer 0"
    assert [(tag["tag_key"], tag["tag_value"]) for tag in document["tags"]] == [("number", "0")]
    assert len(document["snapshots"]) == 3
    (event,) = document["events"]
    assert event["payload"]["name"] == "Customer 0"
    assert event["publish_status"] == "published"
    assert event["receipt"]["processing_status"] == "processed"


def test_snapshots_are_as_they_are_shown(bank: Bank, lived_in: Live, monkeypatch: object) -> None:
    (customer_id,) = lived_in(1)
    shown = bank.api.get("/customer/analytics", customer_id=customer_id).data["snapshots"]

    told = bank.api.get(EXPORT, customer_id=customer_id).data["snapshots"]

    names = ("snapshot_id", "snapshot_at", "tags", "metrics")
    assert told == [{name: each[name] for name in names} for each in reversed(shown)]


def test_deleted_customer_is_exported(bank: Bank, lived_in: Live) -> None:
    (customer_id,) = lived_in(1)
    assert bank.api.delete("/customer/data", customer_id=customer_id).status == 200

    document = bank.api.get(EXPORT, customer_id=customer_id).data

    assert document["customer"] is None
    assert [event["event_type"] for event in document["events"]] == [
        "customer_creation",
        "customer_deletion",
    ]
    assert len(document["snapshots"]) == 3


def test_foreign_customer_is_unknown(make_bank: Callable[[], Bank]) -> None:
    own, other = make_bank(), make_bank()
    customer_id = other.create_customer()

    refused = own.api.get(EXPORT, customer_id=customer_id)

    assert refused.status == 404
    assert refused.detail == own.api.get(EXPORT, customer_id=str(uuid.uuid4())).detail


def test_larger_document_is_refused(
    bank: Bank, lived_in: Live, environment: dict[str, str]
) -> None:
    (customer_id,) = lived_in(1)
    for status in ["INACTIVE", "ACTIVE"] * 60:
        changed = bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
        assert changed.status == 200

    with parts_with(environment, MAX_ANSWER_BYTES="100000"):
        refused = bank.api.get(EXPORT, customer_id=customer_id)

    assert refused.status == 409
    assert refused.detail["status_description"] == customer_export.TOO_LARGE
