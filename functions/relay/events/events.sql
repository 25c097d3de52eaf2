-- name: list
-- The newest first, by the index on created_at. An event_id is looked up by the indexes of identities and
-- of what was not accepted. Deliveries are looked up for each event: OFFSET 0 keeps the planner from reading
-- all that there are. A reason that stands alone may also be that of the intake. What the order system wrote
-- is cut, because nothing bounds it.
SELECT e.id, left(coalesce(e.identity, e.event_id), 255) AS event_id, e.order_id,
       left(coalesce(s.storefront_id, e.storefront_code), 255) AS storefront,
       left(e.event_type, 255) AS event_type, e.event_time, e.dedup_id, left(e.status, 60) AS status,
       e.status_reason, left(e.source_system, 255) AS source_system, e.created_at, e.accepted_at
FROM marketing_events e
LEFT JOIN storefronts s ON s.id = e.storefront_id
WHERE (%(after_at)s::timestamptz IS NULL OR (e.created_at, e.id) < (%(after_at)s, %(after_id)s))
  AND (%(created_from)s::timestamptz IS NULL OR e.created_at >= %(created_from)s)
  AND (%(created_to)s::timestamptz IS NULL OR e.created_at < %(created_to)s)
  AND (%(storefront)s::text IS NULL OR coalesce(s.storefront_id, e.storefront_code) = %(storefront)s)
  AND (%(event_type)s::text IS NULL OR e.event_type = %(event_type)s)
  AND (%(status)s::text IS NULL OR e.status = %(status)s)
  AND (%(event_id)s::text IS NULL OR e.id = ANY (ARRAY(
       SELECT own.id
       FROM storefronts shop
       JOIN marketing_events own ON own.storefront_id = shop.id AND own.identity = %(event_id)s
       WHERE own.accepted_at IS NOT NULL
       UNION ALL
       SELECT own.id
       FROM marketing_events own
       WHERE own.accepted_at IS NULL AND own.event_id = %(event_id)s)))
  AND (NOT %(by_delivery)s
       OR %(reason_alone)s AND (e.status_reason = %(reason)s
                                OR starts_with(e.status_reason, %(reason)s || ':'))
       OR EXISTS (
          SELECT
          FROM event_deliveries d
          JOIN relay_lanes l ON l.lane_id = d.lane_id
          WHERE d.event = e.id
            AND (%(delivery_status)s::text IS NULL OR d.status = %(delivery_status)s)
            AND (%(lane_id)s::bigint IS NULL OR d.lane_id = %(lane_id)s)
            AND (%(destination)s::text IS NULL OR l.adapter = %(destination)s)
            AND (%(reason)s::text IS NULL OR d.reason = %(reason)s
                 OR starts_with(d.reason, %(reason)s || ':'))
          OFFSET 0))
ORDER BY e.created_at DESC, e.id DESC
LIMIT %(limit)s + 1

-- name: read
-- Without user data: no match keys, nothing that is sealed, and nothing that the intake has not yet freed
-- of it.
SELECT e.id, left(coalesce(e.identity, e.event_id), 255) AS event_id, e.order_id,
       left(coalesce(s.storefront_id, e.storefront_code), 255) AS storefront,
       left(e.event_type, 255) AS event_type, e.event_time,
       CASE WHEN e.accepted_at IS NOT NULL THEN e.event_payload::text END AS payload, e.dedup_id,
       left(e.status, 60) AS status, e.status_reason, left(e.source_system, 255) AS source_system,
       e.created_at, e.accepted_at
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
