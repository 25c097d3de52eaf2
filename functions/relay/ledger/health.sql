-- The relay's health now. Each count uses an index of what it counts, so its cost does not grow with what is done.

-- name: read_lanes
-- Of all destinations that there are. A replay does not make a lane old: its events are behind the new ones on
-- purpose, so they are counted apart.
SELECT l.lane_id, s.storefront_id AS storefront, l.adapter AS destination, l.is_active,
       CASE WHEN l.paused THEN 'paused' ELSE l.state END AS state, l.reason, l.since,
       CASE WHEN l.open_until > clock_timestamp() AND l.open_until < 'infinity'
            THEN l.open_until END AS next_try_at,
       waiting.pending_count, waiting.replayed_count, e.accepted_at AS oldest_pending_at,
       round(extract(epoch FROM clock_timestamp() - e.accepted_at), 3)::float8
           AS oldest_pending_age_seconds,
       ended.delivered_last_hour, ended.failed_last_hour,
       waiting.maybe_delivered + ended.maybe_delivered AS maybe_delivered_count
FROM relay_lanes l
JOIN storefronts s ON s.id = l.storefront_id
CROSS JOIN LATERAL (
    SELECT count(*) AS pending_count, count(d.replay_id) AS replayed_count,
           min(d.event) FILTER (WHERE d.replay_id IS NULL) AS oldest,
           count(*) FILTER (WHERE d.maybe_delivered) AS maybe_delivered
    FROM event_deliveries d
    WHERE d.lane_id = l.lane_id AND d.status = 'pending') waiting
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE d.status = 'delivered') AS delivered_last_hour,
           count(*) FILTER (WHERE d.status = 'failed') AS failed_last_hour,
           count(*) FILTER (WHERE d.maybe_delivered) AS maybe_delivered
    FROM event_deliveries d
    WHERE d.lane_id = l.lane_id AND d.ended_at > statement_timestamp() - interval '1 hour') ended
LEFT JOIN marketing_events e ON e.id = waiting.oldest
WHERE l.deleted_at IS NULL
ORDER BY l.lane_id

-- name: count_lanes
-- For the health that anybody may read: no name of a shop.
SELECT count(*) FILTER (WHERE state = 'blocked') AS blocked,
       count(*) FILTER (WHERE state = 'failing') AS failing
FROM relay_lanes
WHERE deleted_at IS NULL AND NOT paused

-- name: read_intake
SELECT count(*) FILTER (WHERE status = 'pending') AS pending_count,
       min(created_at) FILTER (WHERE status = 'pending') AS oldest_pending_at,
       round(extract(epoch FROM clock_timestamp()
                                - min(created_at) FILTER (WHERE status = 'pending')), 3)::float8
           AS oldest_pending_age_seconds,
       count(*) FILTER (WHERE status = 'unresolved') AS unresolved_count
FROM marketing_events
WHERE status IN ('pending', 'unresolved')

-- name: read_foreign
-- Rows that the order system inserted with a status of its own. The text is its, so it is cut.
SELECT left(status, 60) AS status, count(*) AS row_count
FROM marketing_events
WHERE accepted_at IS NULL AND status_reason IS NULL AND status IS DISTINCT FROM 'pending'
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 50

-- name: read_key_ids
-- The keys that rows name, found key by key in the index.
WITH RECURSIVE of_events (key_id) AS (
    (SELECT key_id FROM marketing_events WHERE key_id IS NOT NULL ORDER BY key_id LIMIT 1)
    UNION ALL
    SELECT (SELECT e.key_id FROM marketing_events e
            WHERE e.key_id > o.key_id ORDER BY e.key_id LIMIT 1)
    FROM of_events o
    WHERE o.key_id IS NOT NULL
)
SELECT key_id FROM of_events WHERE key_id IS NOT NULL
UNION
SELECT key_id FROM platform_credentials
ORDER BY key_id

-- name: count_of_keys
-- How many rows name each of these keys, at most so many.
SELECT asked.key_id,
       (SELECT count(*) FROM platform_credentials c WHERE c.key_id = asked.key_id)
           AS credentials_count,
       (SELECT count(*) FROM (SELECT FROM marketing_events e WHERE e.key_id = asked.key_id
                              LIMIT %(most)s) named) AS events_count
FROM unnest(%(key_ids)s::text[]) AS asked (key_id)
ORDER BY asked.key_id
