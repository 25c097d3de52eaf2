-- name: read
-- Without user data: no match keys and nothing that is sealed.
SELECT d.event, d.lane_id, d.status, d.reason, d.try_count, d.attempt_count, d.next_attempt_at,
       d.last_attempt_at, d.lease_until, d.maybe_delivered, d.delivered_at, d.ended_at, d.replay_id,
       e.event_type, e.event_time, e.created_at, e.accepted_at, e.erased_at, e.order_id, e.dedup_id,
       left(e.source_system, 255) AS source_system, left(coalesce(e.identity, e.event_id), 255) AS own_id,
       CASE WHEN %(payload)s AND e.accepted_at IS NOT NULL THEN e.event_payload::text END AS payload,
       CASE WHEN d.status IN ('pending', 'delivered')
            THEN (extract(epoch FROM coalesce(d.delivered_at, clock_timestamp()) - e.created_at)
                  * 1000)::bigint END AS lag_ms,
       clock_timestamp() AS now
FROM event_deliveries d
JOIN marketing_events e ON e.id = d.event
WHERE d.event = %(event)s AND d.lane_id = %(lane)s

-- name: attempts
-- The oldest first. Of a delivery twenty are noted, and some more if a replay has sent it again.
SELECT a.status, a.platform_code, a.message, a.http_status, a.duration_ms, a.batch_size, a.created_at
FROM event_attempts a
WHERE a.event = %(event)s AND a.lane_id = %(lane)s
ORDER BY a.id
LIMIT %(most)s

-- name: siblings
SELECT d.event, d.lane_id, d.status
FROM event_deliveries d
WHERE d.event = %(event)s AND d.lane_id <> %(lane)s
ORDER BY d.lane_id
LIMIT %(most)s
