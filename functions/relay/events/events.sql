-- name: read
-- Without user data: no match keys, nothing that is sealed.
SELECT e.id, e.identity AS event_id, e.order_id, s.storefront_id AS storefront, e.event_type,
       e.event_time, e.event_payload::text AS payload, e.dedup_id, e.status, e.status_reason,
       e.source_system, e.created_at, e.accepted_at
FROM marketing_events e
LEFT JOIN storefronts s ON s.id = e.storefront_id
WHERE e.id = %(id)s

-- name: deliveries
SELECT d.lane_id, l.adapter AS destination, d.status, d.reason, d.try_count,
       CASE WHEN d.status = 'pending' THEN d.next_attempt_at END AS next_attempt_at,
       d.maybe_delivered, d.delivered_at
FROM event_deliveries d
JOIN relay_lanes l ON l.lane_id = d.lane_id
WHERE d.event = %(id)s
ORDER BY d.lane_id

-- name: attempts
SELECT lane_id, status, platform_code, message, http_status, duration_ms, batch_size, created_at
FROM event_attempts
WHERE event = %(id)s
ORDER BY id
