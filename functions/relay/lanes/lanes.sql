-- name: read
-- All lanes, or the one with this id. Deliveries are few that are pending, for each lane by an index.
SELECT l.lane_id, s.storefront_id AS storefront, l.adapter AS destination, l.is_active, l.paused,
       CASE WHEN l.paused THEN 'paused' ELSE l.state END AS state, l.reason, l.since,
       CASE WHEN l.open_until > clock_timestamp() AND l.open_until < 'infinity'
            THEN l.open_until END AS next_try_at,
       l.requests_per_minute, l.concurrency, waiting.pending_count, waiting.oldest_pending_at
FROM relay_lanes l
JOIN storefronts s ON s.id = l.storefront_id
CROSS JOIN LATERAL (
    SELECT count(*) AS pending_count, min(e.accepted_at) AS oldest_pending_at
    FROM event_deliveries d
    JOIN marketing_events e ON e.id = d.event
    WHERE d.lane_id = l.lane_id AND d.status = 'pending') waiting
WHERE l.deleted_at IS NULL AND (%(lane_id)s::bigint IS NULL OR l.lane_id = %(lane_id)s)
ORDER BY l.lane_id

-- name: change
UPDATE relay_lanes
SET paused = coalesce(%(paused)s, paused), concurrency = coalesce(%(concurrency)s, concurrency)
WHERE lane_id = %(lane_id)s AND deleted_at IS NULL
RETURNING throttle_account

-- name: change_account
-- Lanes of one account share its rate.
UPDATE relay_lanes
SET requests_per_minute = %(requests_per_minute)s
WHERE throttle_account = %(account)s
