"""Writes events to the outbox without a handler, and checks what became of them."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.broker import Delivery
from tests.support.fixtures import Query

WRITE = """
WITH subject AS (
    SELECT gen_random_uuid() AS customer_id, number FROM generate_series(1, %(customers)s) number
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_failure_reason)
SELECT %(consumer_id)s, customer_id, sequence,
       CASE WHEN sequence = 1 THEN 'customer_creation' ELSE 'customer_status_change' END, 'test',
       jsonb_build_object('customer_id', customer_id, 'name', 'Test', 'status', 'ACTIVE'),
       jsonb_build_object('created_at', clock_timestamp(), 'sequence', sequence,
                          'source_service', 'test'),
       clock_timestamp() - make_interval(secs => %(age_seconds)s)
           + sequence * interval '1 millisecond', 'the broker was away'
FROM subject, generate_series(1, %(events_each)s) sequence
"""


def write_pending(
    query: Query,
    consumer_id: str,
    customers: int = 1,
    events_each: int = 1,
    age_seconds: float = 60,
) -> None:
    """Write events as a handler leaves them when it cannot publish."""
    query(
        WRITE,
        consumer_id=consumer_id,
        customers=customers,
        events_each=events_each,
        age_seconds=age_seconds,
    )


def make_older(query: Query, consumer_id: str, days: int, sequence: int) -> None:
    """As if these events had been written and published so many days earlier."""
    query(
        "BEGIN; SET LOCAL session_replication_role = replica;"  # without the trigger that refuses it
        " UPDATE customer_events SET created_at = created_at - make_interval(days => %(days)s),"
        " published_at = published_at - make_interval(days => %(days)s)"
        " WHERE consumer_id = %(consumer_id)s AND sequence = %(sequence)s;"
        " COMMIT",
        consumer_id=consumer_id,
        days=days,
        sequence=sequence,
    )


def statuses(query: Query, consumer_id: str, column: str = "publish_status") -> dict[str, int]:
    """The number of a consumer's events in each status."""
    rows = query(
        "SELECT * FROM customer_events WHERE consumer_id = %(consumer_id)s", consumer_id=consumer_id
    )
    counts: dict[str, int] = {}
    for row in rows:
        counts[str(row[column])] = counts.get(str(row[column]), 0) + 1
    return counts


def by_customer(deliveries: Iterable[Delivery]) -> dict[str, list[int]]:
    """The sequence numbers that a queue delivered, per customer, in order."""
    seen: dict[str, list[int]] = {}
    for delivery in deliveries:
        seen.setdefault(delivery.subject, []).append(delivery.sequence)
    return seen


def assert_in_order(deliveries: Iterable[Delivery]) -> None:
    """The first deliveries of every customer are 1, 2, 3 … without a gap."""
    for customer_id, sequences in by_customer(deliveries).items():
        first_sights = list(dict.fromkeys(sequences))
        assert first_sights == list(range(1, len(first_sights) + 1)), (customer_id, sequences)
