-- Statements of the fault runs on the relay's database, which bypass the functions.

-- name: events
SELECT id, coalesce(storefront_code, '?') AS shop, coalesce(identity, event_id) AS identity, event_type,
       coalesce(source_system, '?') AS source, status, status_reason AS reason
FROM marketing_events
ORDER BY id

-- name: deliveries
SELECT d.event, d.lane_id, coalesce(e.storefront_code, '?') AS shop, e.dedup_id, e.order_id,
       e.event_type, d.status, d.reason, d.maybe_delivered, e.accepted_at, d.ended_at,
       d.attempt_count,
       (SELECT coalesce(json_object_agg(status, number), '{}')
        FROM (SELECT status, count(*) AS number
              FROM event_attempts
              WHERE event = d.event AND lane_id = d.lane_id
              GROUP BY status) noted) AS attempts
FROM event_deliveries d
JOIN marketing_events e ON e.id = d.event

-- name: unsettled
SELECT (SELECT count(*) FROM event_deliveries WHERE status = 'pending')
       + (SELECT count(*) FROM marketing_events WHERE status = 'pending') AS count

-- name: unread_rows
SELECT count(*) AS count FROM marketing_events WHERE status = 'pending'

-- name: let_leases_end
-- As if the time of the leases of a killed process had passed.
WITH lanes AS (
    UPDATE relay_lanes SET open_until = clock_timestamp() WHERE open_until > clock_timestamp()
)
UPDATE event_deliveries
SET lease_until = clock_timestamp(), next_attempt_at = clock_timestamp()
WHERE lease_token IS NOT NULL AND status = 'pending'

-- name: open_soon
-- As if an admin had the closed lanes tried: nobody waits for minutes in a run.
UPDATE relay_lanes SET open_until = clock_timestamp() + interval '0.5 seconds'
WHERE open_until > clock_timestamp() + interval '1.5 seconds'

-- name: make_failing
-- As if the receiver had been away five times in a row.
UPDATE relay_lanes
SET state = 'failing', failures = 5, reason = 'away', open_until = clock_timestamp()
WHERE lane_id = ANY (%(lanes)s)

-- name: plain_rows
-- Rows that may hold what the order system wrote: those that the intake has not sealed.
SELECT count(*) AS count
FROM marketing_events
WHERE status = 'pending' AND event_payload::text LIKE '%%@example.com%%'

-- name: not_erased
-- Rows of a storefront that may hold what is known of a person.
SELECT count(*) AS count
FROM marketing_events
WHERE storefront_code = %(shop)s
  AND (match_keys IS NOT NULL OR accepted_at IS NULL AND event_payload IS NOT NULL)

-- name: grow_old
-- As if the retention of a storefront's events had passed.
UPDATE marketing_events SET created_at = created_at - interval '401 days'
WHERE storefront_code = %(shop)s

-- name: in_part
-- Events and deliveries that lack each other.
SELECT (SELECT count(*) FROM event_deliveries d
        WHERE NOT EXISTS (SELECT FROM marketing_events e WHERE e.id = d.event))
       + (SELECT count(*) FROM marketing_events e
          WHERE e.accepted_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event = e.id)) AS count

-- name: events_of
SELECT count(*) AS count FROM marketing_events WHERE storefront_code = ANY (%(shops)s)
