"""GET /events/data, /events/list, /events/health: a tenant's own view, and the admin's of all."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending


def pages(api: Api, **filters: object) -> list[dict[str, object]]:
    """Every event of a listing, page by page."""
    events: list[dict[str, object]] = []
    while True:
        reply = api.get("/events/list", **filters)
        assert reply.status == 200, reply
        events += reply.data["events"]
        if reply.data["next_cursor"] is None:
            return events
        filters["cursor"] = reply.data["next_cursor"]


def test_events_whole_life_is_shown(bank: Bank, query: Query) -> None:
    customer_id = bank.create_customer("Ada")
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s", id=bank.consumer_id
    )
    bank.api.post("/events/confirm-delivery", event_id=row["event_id"], status="processed")

    event = bank.api.get("/events/data", event_id=row["event_id"]).data

    assert event["payload"] == {"customer_id": customer_id, "name": "Ada", "status": "ACTIVE"}
    assert event["publish_status"] == "published"
    assert [receipt["processing_status"] for receipt in event["receipts"]] == ["processed"]
    assert event["dead_letters"] == []


def test_waiting_event_names_its_head(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, events_each=2)
    head, waiting = query(
        "SELECT event_id FROM customer_events WHERE source_service = 'test' ORDER BY sequence"
    )

    assert bank.api.get("/events/data", event_id=head["event_id"]).data["waits_behind"] is None
    shown = bank.api.get("/events/data", event_id=waiting["event_id"]).data
    assert shown["waits_behind"] == head["event_id"]


def test_foreign_event_looks_absent(
    make_bank: Callable[[], Bank], query: Query, admin: Api
) -> None:
    owner, other = make_bank(), make_bank()
    owner.create_customer()
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s", id=owner.consumer_id
    )

    foreign = other.api.get("/events/data", event_id=row["event_id"])
    missing = other.api.get("/events/data", event_id=uuid.uuid4())

    assert foreign.status == 404
    assert foreign.body == missing.body
    assert admin.get("/events/data", event_id=row["event_id"]).status == 200


def test_pages_are_stable_during_arrivals(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, customers=7, events_each=3)
    first = bank.api.get("/events/list", limit=10)
    write_pending(query, bank.consumer_id, customers=5, age_seconds=0)

    rest = pages(bank.api, limit=10, cursor=first.data["next_cursor"])

    seen = [event["event_id"] for event in [*first.data["events"], *rest]]
    assert len(seen) == len(set(seen)) == 21


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 6),
        ({"event_type": "customer_creation"}, 2),
        ({"publish_status": "pending"}, 6),
        ({"publish_status": "published"}, 0),
        ({"deliver_status": "failed"}, 0),
    ],
)
def test_filters_narrow_the_list(
    bank: Bank, query: Query, filters: dict[str, object], count: int
) -> None:
    write_pending(query, bank.consumer_id, customers=2, events_each=3)

    assert len(pages(bank.api, **filters)) == count


def test_tenant_lists_only_its_own(make_bank: Callable[[], Bank], query: Query, admin: Api) -> None:
    mine, other = make_bank(), make_bank()
    write_pending(query, mine.consumer_id)
    write_pending(query, other.consumer_id)

    assert {event["consumer_id"] for event in pages(mine.api)} == {mine.consumer_id}
    assert mine.api.get("/events/list", consumer_id=other.consumer_id).status == 404
    narrowed = pages(admin, consumer_id=other.consumer_id)
    assert {event["consumer_id"] for event in narrowed} == {other.consumer_id}
    assert {mine.consumer_id, other.consumer_id} <= {event["consumer_id"] for event in pages(admin)}


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24=", "WyIyMDI2LTAxLTAxIiwgInh4Il0="])
def test_made_up_cursor_is_refused(bank: Bank, cursor: str) -> None:
    reply = bank.api.get("/events/list", cursor=cursor)

    assert reply.status == 422
    assert reply.description.startswith("cursor: must be the next_cursor")


def test_health_counts_what_waits(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, customers=2, events_each=3, age_seconds=7200)

    health = bank.api.get("/events/health").data

    assert health["pending_count"] == 6
    assert health["waiting_behind_count"] == 4
    assert 1.9 < health["oldest_pending_age_hours"] < 2.1
    assert health["oldest_undelivered_age_hours"] is None
