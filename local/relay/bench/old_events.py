"""Loads millions of events that were delivered long ago."""

from __future__ import annotations

from contextlib import ExitStack, closing

import psycopg2

from local.bench.bulk_load import without_indexes
from local.relay.bench.databases import RelayDatabase

TABLES = ("marketing_events", "event_deliveries", "event_attempts")
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
            with ExitStack() as loaded:
                for table in TABLES:
                    loaded.enter_context(without_indexes(cursor, table))
                cursor.execute(LOAD, {"lane": lane, "count": count})
            cursor.execute("CHECKPOINT")
