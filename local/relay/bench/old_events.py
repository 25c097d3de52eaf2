"""Loads millions of events that were delivered long ago.

As in any bulk load, the indexes are dropped and rebuilt from their definitions in the catalogue. The
resulting tables are the same as after single inserts.
"""

from __future__ import annotations

from contextlib import closing

import psycopg2

from local.relay.bench.databases import RelayDatabase

TABLES = ("marketing_events", "event_deliveries", "event_attempts")
CONSTRAINED = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
FROM pg_constraint
WHERE conrelid::regclass::text = ANY (%(tables)s) AND contype IN ('p', 'u')
"""
INDEXED = """
SELECT format('DROP INDEX %%I', indexname), indexdef
FROM pg_indexes
WHERE tablename = ANY (%(tables)s) AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
LOAD = """
WITH made AS (
    INSERT INTO marketing_events (event_id, identity, order_id, storefront_id, event_type, event_time,
                                  dedup_id, event_payload, status, accepted_at, created_at)
    SELECT number, number, number, l.storefront_id, 'purchase_completed', at, number || ':p',
           '{"value": 80.79, "currency": "USD"}', 'accepted', at, at
    FROM relay_lanes l, generate_series(1, %(count)s) number,
         LATERAL (SELECT now() - interval '1 year' + number * (interval '51 weeks' / %(count)s)) t (at)
    WHERE l.lane_id = %(lane)s
    RETURNING id, accepted_at AS at
), delivered AS (
    INSERT INTO event_deliveries (event, lane_id, status, attempt_count, next_attempt_at,
                                  last_attempt_at, delivered_at, ended_at)
    SELECT id, %(lane)s, 'delivered', 1, at, at, at, at FROM made
)
INSERT INTO event_attempts (event, lane_id, destination_type, status, http_status, duration_ms,
                            batch_size, created_at)
SELECT id, %(lane)s, 'credential', 'delivered', 200, 20, 1, at FROM made
"""


def write_old(database: RelayDatabase, lane: int, count: int) -> None:
    """Load the events. Then vacuum and analyse the tables, as autovacuum would have."""
    with closing(psycopg2.connect(database.database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            changes: list[tuple[str, str]] = []
            for query in (CONSTRAINED, INDEXED):
                cursor.execute(query, {"tables": list(TABLES)})
                changes += cursor.fetchall()
            for drop, _ in changes:
                cursor.execute(drop)
            cursor.execute(LOAD, {"lane": lane, "count": count})
            for _, make in changes:
                cursor.execute(make)
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
            cursor.execute("CHECKPOINT")
