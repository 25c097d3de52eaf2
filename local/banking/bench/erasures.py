"""Measures the erasing of a customer with many events, against the bare update of as many rows."""

from __future__ import annotations

import json

import psycopg2

from local.banking.bench.api import post_with
from local.banking.bench.backlog import execute
from local.banking.bench.creates import creating
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.bench.figures import Figures
from local.bench.sizes import size
from local.bench.timing import seconds_of

EVENTS, BATCH = 10_000, 1_000
LIVED = """
WITH born AS (
    UPDATE customers SET event_sequence = event_sequence + %(events)s
    WHERE customer_id = %(customer_id)s
    RETURNING *
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_status, published_at,
                             deliver_status, delivered_at)
SELECT consumer_id, customer_id, event_sequence - %(events)s + number, 'customer_status_change', 'bench',
       jsonb_build_object('customer_id', customer_id, 'name', name, 'status', 'ACTIVE'),
       '{"source_service": "bench"}', at, 'published', at, 'delivered', at
FROM born, generate_series(1, %(events)s) number,
     LATERAL (SELECT created_at + number * interval '1 microsecond' AS at) moment
"""
BARE = """
CREATE TABLE bare_events AS SELECT * FROM customer_events WHERE customer_id = %(customer_id)s;
CREATE UNIQUE INDEX ON bare_events (sequence)
"""
ERASE_BARE = """
UPDATE bare_events SET payload_json = erased_facts(payload_json)
WHERE sequence > %(after)s AND sequence <= %(after)s + %(batch)s
"""


def erase(template: BenchTemplate) -> Figures:
    """Events a second that lose the person, and rows a second of a table without rules."""
    events = size("BENCH_ERASE_EVENTS", EVENTS)
    with template.copy() as database:
        tenant = database.tenants[0]
        customer_id = json.loads(creating(tenant)())["data"]["customer_id"]
        of_customer: dict[str, object] = {"customer_id": customer_id}
        execute(database.database_url, LIVED, {**of_customer, "events": events})
        execute(database.database_url, BARE, of_customer)
        bare = seconds_of(lambda: _erase_bare(database, events))
        ours = seconds_of(lambda: _erase(tenant.key, customer_id))
    return {
        "erase_s": ours,
        "erase_per_s": events / ours,
        "erase_raw_per_s": events / bare,
        "erase_vs_raw": bare / ours,
    }


def _erase(key: str, customer_id: str) -> None:
    """As a bank asks for it, until it is done."""
    asked = {"customer_id": customer_id, "reason": "bench"}
    while post_with(key)("/customer/erase", asked)["finished_at"] is None:
        pass


def _erase_bare(database: BenchDatabase, events: int) -> None:
    connection = psycopg2.connect(database.database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for after in range(0, events + 1, BATCH):
            cursor.execute(ERASE_BARE, {"after": after, "batch": BATCH})
    connection.close()
