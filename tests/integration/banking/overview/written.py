"""Writes events, receipts and dead letters as they are after some history, without living through it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.support.fixtures import Query

EVENT = """
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
    payload_json, metadata_json, created_at, publish_status, published_at, publish_failure_reason,
    deliver_status, delivered_at, deliver_last_tried_at, deliver_failure_reason)
VALUES (%(consumer_id)s, %(customer_id)s, %(sequence)s, 'customer_status_change', 'test', '{}', '{}',
    %(created_at)s, %(publish_status)s, %(published_at)s, %(publish_failure_reason)s, %(deliver_status)s,
    %(delivered_at)s, %(deliver_last_tried_at)s, %(deliver_failure_reason)s)
RETURNING event_id
"""
RECEIPT = """
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, processing_status,
                                     created_at, updated_at, event_created_at)
SELECT consumer_id, event_id, customer_id, event_type, %(status)s, %(created_at)s, %(updated_at)s,
       created_at
FROM customer_events WHERE event_id = %(event_id)s
"""
LETTER = """
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint,
                          created_at, superseded)
VALUES ('some_queue', %(consumer_id)s, %(event_id)s, 'expired', '', '{}', gen_random_uuid()::text,
        %(created_at)s, %(superseded)s)
"""


def write_event(query: Query, consumer_id: str, created_at: datetime, **columns: Any) -> str:
    """Write an event; a time that is given says its status, too. Returns its id."""
    known: dict[str, Any] = {
        "consumer_id": consumer_id,
        "created_at": created_at,
        "customer_id": str(uuid4()),
        "sequence": 1,
        "published_at": None,
        "publish_failure_reason": None,
        "delivered_at": None,
        "deliver_last_tried_at": None,
        "deliver_failure_reason": None,
        **columns,
    }
    known.setdefault("publish_status", "published" if known["published_at"] else "pending")
    known.setdefault("deliver_status", "delivered" if known["delivered_at"] else "pending")
    (row,) = query(EVENT, **known)
    return str(row["event_id"])


def write_receipt(
    query: Query,
    event_id: str,
    status: str,
    created_at: datetime,
    updated_at: datetime | None = None,
) -> None:
    """Write the bank's word on an event: when it first said something, and when last."""
    last = updated_at or created_at
    query(RECEIPT, event_id=event_id, status=status, created_at=created_at, updated_at=last)


def write_letter(
    query: Query,
    consumer_id: str | None,
    event_id: str | None,
    created_at: datetime,
    *,
    superseded: bool = False,
) -> None:
    """Write a dead letter."""
    query(
        LETTER,
        consumer_id=consumer_id,
        event_id=event_id,
        created_at=created_at,
        superseded=superseded,
    )


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
