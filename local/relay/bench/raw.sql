-- The floors' statements. A program without this project sends them as text.

-- name: insert_events
WITH given AS (
    SELECT * FROM json_to_recordset(%(items)s::json) AS given (
        storefront integer, code text, event_id text, identity text, order_id text, event_type text,
        event_time timestamptz, dedup_id text, payload json, match_keys json, private text, key_id text,
        consent json, content_hash text)
)
INSERT INTO marketing_events (event_id, storefront_id, storefront_code, event_type, event_payload,
                              source_system, status, accepted_at, identity, order_id, event_time,
                              dedup_id, match_keys, private_encrypted, key_id, consent_json, content_hash)
SELECT event_id, storefront, code, event_type, payload, 'raw', 'accepted', clock_timestamp(), identity,
       order_id, event_time, dedup_id, match_keys, private, key_id, consent, content_hash
FROM given
RETURNING id

-- name: insert_deliveries
INSERT INTO event_deliveries (event, lane_id)
SELECT event, lane_id FROM unnest(%(events)s::bigint[]) event, unnest(%(lanes)s::bigint[]) lane_id

-- name: claim
UPDATE event_deliveries d
SET lease_token = %(token)s, lease_until = clock_timestamp() + interval '35 seconds',
    next_attempt_at = clock_timestamp() + interval '35 seconds', attempt_count = attempt_count + 1
FROM (SELECT event, lane_id FROM event_deliveries
      WHERE lane_id = %(lane)s AND status = 'pending' AND next_attempt_at <= clock_timestamp()
      ORDER BY next_attempt_at, event LIMIT %(most)s FOR UPDATE SKIP LOCKED) due
JOIN marketing_events e ON e.id = due.event
WHERE d.event = due.event AND d.lane_id = due.lane_id
RETURNING e.id, e.event_time, e.order_id, e.dedup_id, e.event_payload, e.match_keys,
          e.private_encrypted

-- name: mark
UPDATE event_deliveries
SET status = 'delivered', delivered_at = clock_timestamp(), ended_at = clock_timestamp(),
    last_attempt_at = clock_timestamp(), lease_token = NULL, lease_until = NULL
WHERE event = ANY (%(events)s) AND lane_id = %(lane)s AND lease_token = %(token)s
