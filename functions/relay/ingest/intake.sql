-- The intake: rows that the order system inserted become accepted events with deliveries, or say why not.

-- name: count_left_alone
-- Rows whose status the order system has made up itself. The intake gives a reason with each of its own.
SELECT count(*) AS count FROM marketing_events
WHERE accepted_at IS NULL AND status_reason IS NULL AND status IS DISTINCT FROM 'pending'

-- name: claim
-- Another run takes other rows. What the intake itself left unresolved has a reason. A payload that is far
-- larger than any item is not read, nor is more of a value than shows that it is too long.
SELECT e.id, left(e.event_id, 256) AS event_id, e.storefront_id,
       left(e.storefront_code, 65) AS storefront_code, left(e.event_type, 101) AS event_type,
       CASE WHEN octet_length(e.event_payload) <= %(most_bytes)s THEN e.event_payload END AS payload,
       octet_length(e.event_payload) > %(most_bytes)s AS too_large, e.created_at, e.status, e.status_reason,
       e.created_at < clock_timestamp() - make_interval(days => %(unresolved_days)s) AS too_long
FROM marketing_events e
WHERE e.status = %(status)s AND e.id > %(after)s
  AND (e.status = 'pending' OR e.status_reason IS NOT NULL)
ORDER BY e.id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: storefronts
-- Locked as by open_storefronts.
SELECT id, storefront_id, currency, country, is_active, pg_advisory_xact_lock_shared(1, id)
FROM storefronts
WHERE id = ANY (%(ids)s::integer[]) OR storefront_id = ANY (%(codes)s::text[])

-- name: accept
-- The first of an identity stands: rows that were accepted meanwhile are left for the next look.
WITH given AS MATERIALIZED (
    SELECT *
    FROM json_to_recordset(%(items)s::json) AS given (
        id bigint, storefront integer, code text, identity text, order_id text, event_type text,
        event_time timestamptz, dedup_id text, payload json, match_keys json, private text, key_id text,
        consent json, content_hash text)
), accepted AS (
    UPDATE marketing_events e
    SET storefront_id = g.storefront, storefront_code = g.code, event_type = g.event_type,
        event_payload = g.payload, status = 'accepted', status_reason = NULL,
        accepted_at = clock_timestamp(), identity = g.identity, order_id = g.order_id,
        event_time = g.event_time, dedup_id = g.dedup_id, match_keys = g.match_keys,
        private_encrypted = g.private, key_id = g.key_id, consent_json = g.consent,
        content_hash = g.content_hash
    FROM given g
    WHERE e.id = g.id
    RETURNING e.id, e.storefront_id
), made AS (
    INSERT INTO event_deliveries (event, lane_id, status, reason, ended_at)
    SELECT a.id, l.lane_id,
           CASE WHEN l.is_active THEN 'pending' ELSE 'skipped' END,
           CASE WHEN NOT l.is_active THEN 'destination_inactive' END,
           CASE WHEN NOT l.is_active THEN clock_timestamp() END
    FROM accepted a
    JOIN relay_lanes l ON l.storefront_id = a.storefront_id AND l.deleted_at IS NULL
)
SELECT id FROM accepted

-- name: set_aside
-- A row that is done with loses its payload: what the order system wrote into it may hold personal data.
UPDATE marketing_events e
SET status = told.status, status_reason = told.reason,
    event_payload = CASE WHEN told.status = 'unresolved' THEN e.event_payload END
FROM unnest(%(ids)s::bigint[], %(statuses)s::text[], %(reasons)s::text[])
         AS told (id, status, reason)
WHERE e.id = told.id
