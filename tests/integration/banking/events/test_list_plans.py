"""What lists of events read: never the whole table, nor more than their bound, whatever the filters."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.banking.events import life, listing
from chalicelib.banking.events.list_models import EventListing
from chalicelib.banking.wiring import Parts
from fintegrate.database import Database
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.plans import read_sequentially, rows_read

MANY = 12_000
FEW = 250
"""Rows that a list may read beside a bank with many events, or where an index has none that match."""
LOOKED_AT = 300
EACH = 3
"""What is read for each event that is looked at: the event, its receipt, its customer's head."""
WRITE = """
INSERT INTO customer_events
    (consumer_id, customer_id, sequence, event_type, source_service, payload_json, metadata_json,
     created_at, publish_status, published_at, publish_failure_reason, deliver_status, delivered_at)
SELECT %(consumer_id)s, md5(n / 4 || %(consumer_id)s::text)::uuid, n %% 4 + 1,
       CASE n %% 4 WHEN 0 THEN 'customer_creation' ELSE 'customer_status_change' END, 'test', '{}',
       jsonb_build_object('request_id', 'r-' || n), at,
       CASE WHEN n %% 200 = 7 THEN 'pending' WHEN n %% 300 = 11 THEN 'failed' ELSE 'published' END,
       CASE WHEN n %% 200 <> 7 AND n %% 300 <> 11 THEN at END,
       CASE WHEN n %% 200 = 7 OR n %% 300 = 11 THEN 'nacked' END,
       CASE WHEN n %% 200 = 7 OR n %% 300 = 11 OR n %% 250 = 5 THEN 'pending' ELSE 'delivered' END,
       CASE WHEN n %% 200 <> 7 AND n %% 300 <> 11 AND n %% 250 <> 5 THEN at END
FROM generate_series(1, %(number)s) n,
     LATERAL (SELECT timestamptz '2026-03-01' + n * interval '1 second' AS at) moment;
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, event_created_at,
                                     processing_status)
SELECT consumer_id, event_id, customer_id, event_type, created_at,
       CASE WHEN sequence = 3 AND hashtext(event_id::text) %% 50 = 0 THEN 'received' ELSE 'processed' END
FROM customer_events
WHERE consumer_id = %(consumer_id)s AND source_service = 'test' AND deliver_status = 'delivered'
"""
ABSENT = "00000000-0000-4000-8000-000000000000"
SPAN = {"from": "2026-03-01T01:00:00+00:00", "to": "2026-03-01T02:00:00+00:00"}
NONE: list[dict[str, str]] = [
    {"states": "delivery_failed"},
    {"states": "dead_lettered"},
    {"deliver_status": "failed", "publish_status": "published"},
    {"event_types": "customer_deletion"},
    {"customer_id": ABSENT},
    {"request_id": "r-none"},
    {"from": "2026-04-01T00:00:00+00:00"},
    {"publish_status": "pending", "states": "processed"},
]
"""Filters that match nothing, and whose index has next to nothing."""
FILTERS: list[dict[str, str]] = [
    *NONE,
    *({"states": state} for state in ("waiting", "held_back", "publish_failed", "in_queue")),
    {"states": "received"},
    {"states": "processed"},
    {"states": "received,in_queue,dead_lettered"},
    {"event_types": "customer_creation"},
    {"event_types": "customer_status_change,customer_deletion"},
    {"publish_status": "pending"},
    {"publish_status": "published"},
    {"deliver_status": "pending"},
    {"deliver_status": "delivered"},
    {"reason": "nacked"},
    {"reason": "something else"},
    {"request_id": "r-77"},
    {"order": "oldest"},
    SPAN,
    {**SPAN, "payload_contains": "nothing"},
]


@pytest.fixture(params=["", "ANALYZE"])
def large(
    make_bank: Callable[[], Bank],
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Bank:
    """A bank with many events, before and after the server has counted them."""
    monkeypatch.setattr(listing, "LOOKED_AT", LOOKED_AT)
    monkeypatch.setattr(listing, "_PAYLOADS_LOOKED_AT", LOOKED_AT)
    monkeypatch.setattr(listing, "_SECONDS", 0)
    bank = make_bank()
    query(WRITE, consumer_id=bank.consumer_id, number=MANY)
    if request.param:
        query("ANALYZE customer_events; ANALYZE consumer_event_receipts")
    return bank


def first_page(parts: Parts, filters: dict[str, Any], consumer_id: str | None) -> dict[str, Any]:
    asked = EventListing.model_validate_strings({"total": "false", "limit": "20", **filters})
    return listing.page_of(parts.request.database, asked, consumer_id, 1_000_000)


def test_no_filter_reads_everything(large: Bank, bank: Bank, parts: Parts) -> None:
    """Alone and in pairs, for a bank and for all: by indexes, and a bounded number of rows."""
    pairs = [{**one, **other} for one, other in itertools.combinations(FILTERS, 2)]
    for number, filters in enumerate([{}, *FILTERS, *pairs]):
        scope = large.consumer_id if number % 3 else None
        with rows_read({"page"}) as read, read_sequentially({"page"}) as sequential:
            first_page(parts, filters, scope)
        assert not sequential & {"customer_events", "consumer_event_receipts"}, filters
        assert read["page"] <= EACH * (LOOKED_AT + 21) + FEW, (filters, scope, read)


def test_absence_costs_nothing(large: Bank, parts: Parts) -> None:
    for filters in NONE:
        with rows_read({"page"}) as read:
            found = first_page(parts, filters, large.consumer_id)

        assert found["events"] == [], filters
        assert not found["truncated"], filters
        assert read["page"] < FEW, (filters, read)


def test_large_bank_costs_others_nothing(large: Bank, bank: Bank, parts: Parts) -> None:
    for filters in ({}, *FILTERS):
        with rows_read({"page", "total"}) as read:
            first_page(parts, {**filters, "total": "true"}, bank.consumer_id)

        assert max(read.values()) < FEW, (filters, read)


def test_counts_read_indexes_only(large: Bank, parts: Parts) -> None:
    for filters in ({}, *FILTERS):
        with read_sequentially({"total"}) as sequential:
            asked = EventListing.model_validate_strings(filters)
            listing.Listing(parts.request.database, asked, large.consumer_id).count()

        assert not sequential & {"customer_events", "consumer_event_receipts"}, filters


def test_receipts_are_found_by_their_index(
    large: Bank, query: Query, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By both of its columns, for the operator, too: by the event alone all receipts would be read."""
    database, read, asked = parts.request.database, Database.fetch_all, list[Any]()

    def noted(self: Database, sql: str, parameters: Any, **options: Any) -> Any:
        if sql is life.SQL["read_receipts"]:
            asked.append(parameters)
        return read(self, sql, parameters, **options)

    monkeypatch.setattr(Database, "fetch_all", noted)
    found = "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s LIMIT 1"
    (row,) = query(found, id=large.consumer_id)
    life.read_event(database, str(row["event_id"]), None, parts.object_store.require, payload=False)

    explained = f"EXPLAIN (FORMAT JSON) {life.SQL['read_receipts']}"
    (plan,) = read(database, explained, *asked)
    condition = plan["QUERY PLAN"][0]["Plan"]["Index Cond"]
    assert "consumer_id =" in condition
    assert "event_id =" in condition
