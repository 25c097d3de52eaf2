"""Collects the evidence of a run from the database, the queues, the banks' stores and the records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from local.banking.chaos import calls as called
from local.banking.chaos.answers import Answer
from local.banking.chaos.evidence import (
    Application,
    Customer,
    Delivery,
    Event,
    Evidence,
    Restore,
)
from local.banking.chaos.tenants import Tenant
from local.chaos.faults.fault import Disturbance
from local.chaos.looking import rows
from local.services.amqp import channel_on

EVENTS = """
SELECT e.event_id::text, coalesce(c.name, e.consumer_id::text) AS tenant, e.customer_id::text,
       e.sequence, e.event_type, e.created_at, coalesce(e.payload_json ->> 'name', '') AS name,
       coalesce(e.payload_json ->> 'status', '') AS status, e.publish_status, e.deliver_status,
       e.published_at, e.publish_failure_reason AS publish_reason,
       e.publish_given_up_at IS NOT NULL AS given_up,
       e.deliver_failure_reason AS deliver_reason, r.processing_status AS receipt,
       (SELECT count(*) FROM dead_letters d
        WHERE d.event_id = e.event_id AND NOT d.superseded) AS dead_letters
FROM customer_events e
LEFT JOIN consumers c ON c.consumer_id = e.consumer_id
LEFT JOIN consumer_event_receipts r
       ON r.event_id = e.event_id AND r.consumer_id = e.consumer_id
WHERE e.event_type <> 'consumer_created'
ORDER BY e.created_at
"""
CUSTOMERS = """
SELECT u.customer_id::text, coalesce(c.name, u.consumer_id::text) AS tenant, u.name, u.status,
       u.event_sequence, coalesce(array_agg(t.tag_key) FILTER (WHERE t.tag_key IS NOT NULL), '{}')
                         AS tags
FROM customers u
LEFT JOIN consumers c ON c.consumer_id = u.consumer_id
LEFT JOIN customer_tags t ON t.customer_id = u.customer_id
GROUP BY u.customer_id, c.name
"""
UNSETTLED = """
SELECT (SELECT count(*) FROM replay_jobs WHERE status <> 'done')
       + (SELECT count(*) FROM webhook_copies) + count(*) AS count
FROM customer_events
WHERE event_type <> 'consumer_created'
  AND (publish_status = 'pending' OR publish_status = 'published' AND deliver_status = 'pending')
"""
EPOCH = "SELECT epoch FROM recovery"
LISTED_AS_LOST = "SELECT event_id::text FROM lost_events"


def unsettled(database_url: str) -> int:
    """The number of events that still wait to be published or confirmed, of copies, and of rewinds."""
    return int(rows(database_url, UNSETTLED)[0]["count"])


def left_in_queues(rabbitmq_url: str, tenants: Sequence[Tenant]) -> dict[str, int]:
    """Messages that are ready in each tenant's two queues. Its consumer must have ended."""
    with channel_on(rabbitmq_url) as channel:
        return {
            tenant.name: sum(
                channel.queue_declare(queue, passive=True).method.message_count
                for queue in (queue_name(tenant.name), dead_letter_queue_name(tenant.name))
            )
            for tenant in tenants
        }


def gather(
    database_url: str,
    rabbitmq_url: str,
    tenants: Sequence[Tenant],
    answers: Sequence[Answer],
    disturbances: Sequence[Disturbance],
    reconciliation: Mapping[str, Any] | None = None,
    restore: Restore | None = None,
) -> Evidence:
    """Collect everything after the consumers have ended."""
    asked = called.asked_for(database_url)
    return Evidence(
        tenants=[tenant.name for tenant in tenants],
        answers=answers,
        events=[Event(**row) for row in rows(database_url, EVENTS)],
        customers=[
            Customer(**{**row, "tags": frozenset(row["tags"])})
            for row in rows(database_url, CUSTOMERS)
        ],
        deliveries=[each for tenant in tenants for each in _all_deliveries(tenant, asked)],
        calls=[call for tenant in tenants for call in called.read(tenant.calls)],
        applications=[each for tenant in tenants for each in _applications(tenant)],
        disturbances=disturbances,
        reconciliation=reconciliation,
        left_in_queues=left_in_queues(rabbitmq_url, tenants),
        epoch=rows(database_url, EPOCH)[0]["epoch"],
        bank_customers={tenant.name: _customers(tenant) for tenant in tenants},
        listed_as_lost=frozenset(row["event_id"] for row in rows(database_url, LISTED_AS_LOST)),
        restore=restore,
    )


def _all_deliveries(tenant: Tenant, asked: Mapping[str, int]) -> list[Delivery]:
    """What came from the queue and by webhook, in the order of arrival."""
    return sorted((*_deliveries(tenant), *_called(tenant, asked)), key=lambda each: each.at)


def _called(tenant: Tenant, asked: Mapping[str, int]) -> Iterator[Delivery]:
    for call, is_try, number in called.arrivals(called.read(tenant.calls), asked):
        yield Delivery(
            tenant=tenant.name,
            event_id=call.event_id,
            customer_id=call.customer_id,
            sequence=call.sequence,
            redelivered=is_try,
            deliver_try=number,
            name=call.name,
            epoch=call.epoch,
            at=call.at,
        )


def _deliveries(tenant: Tenant) -> Iterator[Delivery]:
    if not tenant.deliveries.exists():
        return
    for line in tenant.deliveries.read_text(encoding="utf-8").splitlines():
        facts = json.loads(line)
        yield Delivery(
            tenant=tenant.name,
            event_id=facts["event_id"],
            customer_id=facts["subject"],
            sequence=facts["sequence"],
            redelivered=facts["redelivered"],
            publish_try=facts["publish_try"],
            deliver_try=facts["deliver_try"],
            name=facts["name"] or "",
            epoch=facts["epoch"],
            at=facts["at"],
        )


def _applications(tenant: Tenant) -> Iterator[Application]:
    if not tenant.store.exists():
        return
    with closing(sqlite3.connect(tenant.store)) as database:
        for row in database.execute(
            "SELECT event_id, customer_id, sequence, epoch FROM applications ORDER BY number"
        ):
            yield Application(tenant.name, *row)


def _customers(tenant: Tenant) -> dict[str, str]:
    """The bank's own copy. The event of its own creation made a row with its own id."""
    if not tenant.store.exists():
        return {}
    with closing(sqlite3.connect(tenant.store)) as database:
        rows = database.execute("SELECT customer_id, status FROM customers").fetchall()
    return {customer: status or "" for customer, status in rows if customer != tenant.consumer_id}
