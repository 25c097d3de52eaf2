"""Writes events without the handlers: a backlog to publish, and events published long ago."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg2

from local.banking.client import Tenant

# As in an outage, the customers of a backlog take turns: a customer's next event comes only after
# every other customer had one.
WRITE_PENDING = """
WITH subject AS (
    SELECT gen_random_uuid() AS customer_id, number,
           (%(consumer_ids)s::uuid[])[1 + number %% cardinality(%(consumer_ids)s::uuid[])]
               AS consumer_id
    FROM generate_series(1, %(customers)s) number
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_failure_reason)
SELECT consumer_id, customer_id, sequence,
       CASE WHEN sequence = 1 THEN 'customer_creation' ELSE 'customer_status_change' END,
       'POST: /customer/data',
       jsonb_build_object('customer_id', customer_id, 'name', 'John Richard Doe',
                          'status', 'ACTIVE'),
       jsonb_build_object('created_at', clock_timestamp(), 'sequence', sequence,
                          'source_service', 'POST: /customer/data'),
       clock_timestamp() - interval '1 hour'
           + sequence * interval '1 minute' + number * interval '1 microsecond',
       'the broker was away'
FROM generate_series(1, %(events_each)s) sequence, subject
ORDER BY sequence, number
"""


def write_pending(
    database_url: str, tenants: Sequence[Tenant], customers: int, events_each: int = 1
) -> None:
    """Write pending events, spread evenly over the tenants and stored in creation order."""
    values = {
        "consumer_ids": [tenant.consumer_id for tenant in tenants],
        "customers": customers,
        "events_each": events_each,
    }
    execute(database_url, WRITE_PENDING, values)


def execute(database_url: str, sql: str, values: dict[str, object] | None = None) -> None:
    """Run a statement in its own transaction."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
    finally:
        connection.close()
