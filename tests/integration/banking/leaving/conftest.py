"""Fixtures of the tests of leaving: a bank with data of every kind, and the object store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.banking.leaving import export_worker
from chalicelib.banking.wiring import Parts
from fintegrate.storage.store import Store
from tests.support.banking import Bank
from tests.support.fixtures import Query


@pytest.fixture
def store(parts: Parts) -> Store:
    return parts.object_store.require()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a test is under way when it asks for a cut."""
    monkeypatch.setattr(export_worker, "QUIET_SECONDS", 0.0)


@pytest.fixture
def lived_in(bank: Bank, query: Query) -> Callable[..., list[str]]:
    """Gives the bank customers with tags, snapshots, events and receipts; returns their ids."""

    def live(customers: int = 3) -> list[str]:
        made = [bank.create_customer(f"Customer {number}") for number in range(customers)]
        for number, customer_id in enumerate(made):
            said: dict[str, Any] = {"customer_id": customer_id}
            tag = {"tag_keys": ["number"], "tag_values": [str(number)]}
            assert bank.api.post("/customer/tag", **said, **tag).status == 201
            for _ in range(3):
                assert bank.api.post("/customer/analytics", **said).status == 201
        for row in query(
            "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s", id=bank.consumer_id
        ):
            said = {"event_id": row["event_id"], "status": "processed"}
            assert bank.api.post("/events/confirm-delivery", **said).status == 200
        return made

    return live
