"""Loads millions of events that were published and delivered long ago, in about a minute."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg2

from local.banking.client import Tenant
from local.bench.bulk_load import without_indexes

# 10 events per customer, spread over a year that ended a week ago.
LOAD = """
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at, publish_status, published_at,
                             deliver_status, delivered_at)
SELECT (%(consumer_ids)s::uuid[])[1 + number %% cardinality(%(consumer_ids)s::uuid[])],
       customer_id, sequence, 'customer_status_change', 'PATCH: /customer/change-status',
       '{"name": "John Richard Doe", "status": "ACTIVE"}', '{"source_service": "bench"}',
       at, 'published', at, 'delivered', at
FROM (SELECT gen_random_uuid() AS customer_id, number,
             now() - interval '1 year'
                 + number * (interval '51 weeks' / %(customers)s::double precision) AS started
      FROM generate_series(1, %(customers)s) number) subject,
     LATERAL (SELECT sequence, started + sequence * interval '1 second' AS at
              FROM generate_series(1, 10) sequence) event
"""


def write_old(database_url: str, tenants: Sequence[Tenant], count: int) -> None:
    """Load the events. Then vacuum and analyse the table, as autovacuum would have."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    consumer_ids = [tenant.consumer_id for tenant in tenants]
    with connection.cursor() as cursor:
        with without_indexes(cursor, "customer_events"):
            cursor.execute(LOAD, {"consumer_ids": consumer_ids, "customers": count // 10})
        cursor.execute("CHECKPOINT")
    connection.close()
