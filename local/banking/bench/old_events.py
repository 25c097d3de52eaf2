"""Loads millions of events that were published and delivered long ago, in about a minute.

As in any bulk load, indexes and triggers are dropped and rebuilt from their definitions in the
catalogue. The resulting table is the same as after single inserts.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg2
from psycopg2 import sql

from local.banking.client import Tenant

CHECKED = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'customer_events'::regclass AND contype IN ('p', 'u')
"""
INDEXED = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'customer_events'
  AND indexname NOT IN (SELECT conname FROM pg_constraint
                        WHERE conrelid = 'customer_events'::regclass)
"""
DROP_CONSTRAINT = sql.SQL("ALTER TABLE customer_events DROP CONSTRAINT {}")
ADD_CONSTRAINT = sql.SQL("ALTER TABLE customer_events ADD CONSTRAINT {} {}")
DROP_INDEX = sql.SQL("DROP INDEX {}")
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
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(CHECKED)
        constraints = cursor.fetchall()
        cursor.execute(INDEXED)
        indexes = cursor.fetchall()
        for name, _ in constraints:
            cursor.execute(DROP_CONSTRAINT.format(sql.Identifier(name)))
        for name, _ in indexes:
            cursor.execute(DROP_INDEX.format(sql.Identifier(name)))
        consumer_ids = [tenant.consumer_id for tenant in tenants]
        cursor.execute(LOAD, {"consumer_ids": consumer_ids, "customers": count // 10})
        for name, definition in constraints:
            cursor.execute(ADD_CONSTRAINT.format(sql.Identifier(name), sql.SQL(definition)))
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("VACUUM (ANALYZE) customer_events")
        cursor.execute("CHECKPOINT")
    connection.close()
