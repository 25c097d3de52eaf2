"""Writes events with their deliveries, as an ingest leaves them, without the handlers."""

from __future__ import annotations

from collections.abc import Sequence

from local.relay.bench.databases import RelayDatabase

# Without private data: sealing it is the ingest's work, and opening it is measured with Meta. The lanes
# take turns, as they do where events come in.
WRITE_PENDING = """
WITH lane AS (
    SELECT lane_id, storefront_id FROM relay_lanes WHERE lane_id = ANY (%(lanes)s)
), made AS (
    INSERT INTO marketing_events (event_id, identity, order_id, storefront_id, event_type, event_time,
                                  dedup_id, event_payload, match_keys, status, accepted_at)
    SELECT id, id, id, storefront_id, 'purchase_completed', clock_timestamp(),
           id || ':purchase_completed',
           '{"event_name": "purchase_completed", "value": 80.79, "currency": "USD",
             "contents": [{"id": "sku-1", "quantity": 1, "price": 50.79}],
             "extra": {"utm_source": "mail"}}',
           json_build_object('em', sha, 'ph', sha, 'fn', sha, 'ln', sha), 'accepted', clock_timestamp()
    FROM lane,
         LATERAL (SELECT gen_random_uuid()::text AS id, lane_id
                  FROM generate_series(1, %(each)s)) number,
         LATERAL (SELECT encode(sha256(id::bytea), 'hex') AS sha) hash
    RETURNING id, storefront_id
)
INSERT INTO event_deliveries (event, lane_id)
SELECT made.id, lane.lane_id FROM made JOIN lane USING (storefront_id)
ORDER BY row_number() OVER (PARTITION BY lane.lane_id ORDER BY made.id)
"""


def write_unvacuumed(database: RelayDatabase, lanes: Sequence[int], each: int) -> None:
    """The same as `write_pending`, and nothing else."""
    database.rows(WRITE_PENDING, lanes=list(lanes), each=each)


def write_pending(database: RelayDatabase, lanes: Sequence[int], each: int) -> None:
    """Write accepted events with a pending delivery for each of these lanes of different shops."""
    write_unvacuumed(database, lanes, each)
    database.rows("VACUUM (ANALYZE) marketing_events, event_deliveries")
