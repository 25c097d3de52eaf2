-- The ledger: accepted events compared with their deliveries. All statements of a reconciliation run in the one
-- snapshot of its transaction, so the sums are exact while others write. They look at the events of the last days.

-- name: take_snapshot
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: set_limits
-- For this transaction only. With this work_mem the joins of a large ledger need no disk.
SELECT set_config('statement_timeout', %(milliseconds)s::text, true),
       set_config('work_mem', '64MB', true)

-- name: read_cells
-- One row per lane and status, with the number of such events. An event is due at the lanes that were there when
-- it was accepted. A delivery of one that was not due was made later, by a replay.
SELECT l.lane_id, s.storefront_id AS storefront, l.adapter AS destination,
       l.deleted_at IS NOT NULL AS deleted, d.status,
       e.accepted_at >= l.created_at AND (l.deleted_at IS NULL OR e.accepted_at < l.deleted_at) AS due,
       count(e.id) AS events
FROM relay_lanes l
LEFT JOIN storefronts s ON s.id = l.storefront_id
LEFT JOIN marketing_events e
       ON e.storefront_id = l.storefront_id AND e.accepted_at IS NOT NULL
      AND e.created_at >= now() - make_interval(days => %(days)s)
LEFT JOIN event_deliveries d ON d.event = e.id AND d.lane_id = l.lane_id
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 5, 6

-- name: events_without_delivery
-- An event for which a destination was there, and that has no delivery for it.
SELECT e.id AS event, l.lane_id, count(*) OVER () AS total
FROM marketing_events e
JOIN relay_lanes l
  ON l.storefront_id = e.storefront_id AND e.accepted_at >= l.created_at
 AND (l.deleted_at IS NULL OR e.accepted_at < l.deleted_at)
WHERE e.created_at >= now() - make_interval(days => %(days)s) AND e.accepted_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event = e.id AND d.lane_id = l.lane_id)
ORDER BY 1, 2
LIMIT %(most)s

-- name: deliveries_without_event
-- Of no event, of one that was not accepted, or of another storefront's.
SELECT d.event, d.lane_id, count(*) OVER () AS total
FROM event_deliveries d
LEFT JOIN relay_lanes l ON l.lane_id = d.lane_id
LEFT JOIN marketing_events e
       ON e.id = d.event AND e.storefront_id = l.storefront_id AND e.accepted_at IS NOT NULL
WHERE d.event >= (SELECT coalesce(min(id), 0) FROM marketing_events
                  WHERE created_at >= now() - make_interval(days => %(days)s))
  AND e.id IS NULL
ORDER BY 1, 2
LIMIT %(most)s

-- name: delivered_without_attempt
-- Attempts are kept for some days only.
SELECT d.event, d.lane_id, count(*) OVER () AS total
FROM marketing_events e
JOIN event_deliveries d ON d.event = e.id AND d.status = 'delivered'
WHERE e.created_at >= now() - make_interval(days => %(days)s)
  AND d.delivered_at >= now() - make_interval(days => %(attempt_days)s)
  AND NOT EXISTS (SELECT FROM event_attempts a
                  WHERE a.event = d.event AND a.lane_id = d.lane_id AND a.status = 'delivered')
ORDER BY 1, 2
LIMIT %(most)s

-- name: attempts_without_delivery
SELECT a.event, a.lane_id, count(*) OVER () AS total
FROM event_attempts a
WHERE a.created_at >= now() - make_interval(days => %(days)s)
  AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event = a.event AND d.lane_id = a.lane_id)
ORDER BY 1, 2
LIMIT %(most)s

-- name: keep_last
INSERT INTO last_reconciliation AS stored (taken_at, report_json)
VALUES (%(taken_at)s, %(report)s::jsonb)
ON CONFLICT (only_row) DO UPDATE
    SET taken_at = excluded.taken_at, report_json = excluded.report_json
    WHERE stored.taken_at < excluded.taken_at

-- name: read_last
SELECT taken_at, report_json FROM last_reconciliation
