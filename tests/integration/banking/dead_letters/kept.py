"""Dead letters of a test: kept rows without a broker, and real ones."""

from __future__ import annotations

import uuid
from typing import Any

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from chalicelib.banking.wiring import Parts
from local.banking.queue_figures import Figures
from tests.support.api import Api, Reply
from tests.support.banking import Bank
from tests.support.fixtures import Query

KEPT = """
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint)
VALUES (%(queue)s, %(owner)s, %(event)s, %(reason)s, %(body)s, %(properties)s::jsonb, %(mark)s)
RETURNING dead_letter_id
"""
FAILED = """
UPDATE customer_events
SET publish_status = 'published', published_at = clock_timestamp() - interval '1 hour',
    deliver_status = 'failed', deliver_failure_reason = 'dead-lettered: rejected'
WHERE event_id = %(event)s
"""


def keep_letter(
    query: Query,
    bank: Bank,
    event_id: str | None = None,
    *,
    reason: str = "rejected",
    body: bytes = b"{}",
    properties: str = "{}",
) -> str:
    """A row as the sweep writes it; the letter's id. Its event, if any, is failed."""
    (row,) = query(
        KEPT,
        queue=dead_letter_queue_name(bank.name),
        owner=bank.consumer_id,
        event=event_id,
        reason=reason,
        body=body,
        properties=properties,
        mark=str(uuid.uuid4()),
    )
    if event_id is not None:
        query(FAILED, event=event_id)
    return str(row["dead_letter_id"])


def see_empty_queue(parts: Parts, bank: Bank) -> None:
    """Keep what the broker would say of the bank's empty queue."""
    keep(parts.sweep_database, [Figures(queue_name(bank.name), 0, 0)], 0)


def requeue(api: Api, **fields: Any) -> Reply:
    return api.post("/dead-letters/requeue", **{"reason": "the program is mended", **fields})


def everything(query: Query) -> list[list[dict[str, object]]]:
    """Every row that an act could have written."""
    tables = ("dead_letters", "customer_events", "audit_log", "consumers", "consumer_api_keys",
              "publishing_pauses")  # fmt: skip
    return [query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
