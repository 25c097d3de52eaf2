"""What belongs to another tenant is as absent as what never was: the same answer, byte for byte."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from fintegrate.http.endpoint import Access
from tests.integration.banking.dead_letters.kept import keep_letter
from tests.integration.requests.endpoints import WITH_KEY, Route
from tests.support.api import Reply
from tests.support.banking import Bank
from tests.support.fixtures import Query

IDS = {"customer_id", "event_id", "consumer_id", "dead_letter_id", "job_id"}
REST: dict[str, object] = {
    "action": "pause",
    "tag_key": "city",
    "tag_keys": ["city"],
    "tag_values": ["Riga"],
    "new_tag_key": "town",
    "new_tag_value": "Riga",
}
STATUSES = {
    "/customer/change-status": "INACTIVE",
    "/events/confirm-delivery": "processed",
}


def named_id(route: Route) -> str | None:
    """The required field of an endpoint that names a thing."""
    assert route.spec is not None
    required = {name for name, f in route.spec.takes.model_fields.items() if f.is_required()}
    return next(iter(IDS & required), None)


ROUTES = [
    route
    for route in WITH_KEY
    if route.spec is not None and route.spec.access is Access.TENANT and named_id(route)
]


@pytest.fixture
def theirs(make_bank: Callable[[], Bank], query: Query) -> dict[str, str]:
    """The ids of another bank: of itself, its customer with a tag, event, dead letter, replay."""
    other = make_bank()
    customer_id = other.create_customer()
    tags = {"customer_id": customer_id, "tag_keys": ["city"], "tag_values": ["Riga"]}
    assert other.api.post("/customer/tag", **tags).status == 201
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE customer_id = %(id)s", id=customer_id
    )
    return {
        "customer_id": customer_id,
        "event_id": str(row["event_id"]),
        "consumer_id": other.consumer_id,
        "dead_letter_id": keep_letter(query, other),
        "job_id": str(other.api.post("/replay/data").data["job_id"]),
    }


def ask(bank: Bank, route: Route, thing: str) -> Reply:
    """The least valid request that names this thing."""
    assert route.spec is not None
    fields: dict[str, Any] = {}
    for name, field in route.spec.takes.model_fields.items():
        if field.is_required():
            fields[name] = {**REST, "status": STATUSES.get(route.path)}.get(name, thing)
    if route.method == "GET":
        return bank.api("GET", route.path, query=fields)
    return bank.api(route.method, route.path, fields)


def rows(query: Query) -> list[list[dict[str, object]]]:
    tables = ("customers", "customer_tags", "customer_events", "consumer_event_receipts",
              "customer_analytics", "consumers", "publishing_pauses", "broker_access",
              "replay_jobs", "replays", "dead_letters", "event_attempts", "onboardings",
              "webhooks", "webhook_turns", "webhook_copies", "webhook_tests",
              "erasures", "exports", "offboardings")  # fmt: skip
    return [query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


def test_there_are_such_endpoints() -> None:
    assert len(ROUTES) >= 12


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_foreign_id_looks_absent(
    bank: Bank, theirs: dict[str, str], query: Query, route: Route
) -> None:
    before = rows(query)

    foreign = ask(bank, route, theirs[named_id(route) or ""])
    absent = ask(bank, route, str(uuid.uuid4()))

    assert foreign.status == 404, foreign
    assert foreign.body == absent.body
    assert rows(query) == before
