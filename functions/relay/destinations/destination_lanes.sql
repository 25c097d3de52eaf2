-- name: open
-- Lanes of one account share its rate: what an admin has set counts for a new lane, too.
INSERT INTO relay_lanes
    (storefront_id, destination_type, destination_id, adapter, is_active, requests_per_minute,
     concurrency, throttle_account)
SELECT %(storefront_id)s, %(destination_type)s, %(id)s, %(adapter)s, %(is_active)s,
       coalesce((SELECT requests_per_minute FROM relay_lanes
                 WHERE throttle_account = %(account)s AND deleted_at IS NULL
                 LIMIT 1), %(requests_per_minute)s),
       %(concurrency)s, %(account)s
RETURNING lane_id

-- name: create_account
-- A new account begins with what it may send in ten seconds.
INSERT INTO relay_accounts (account, tokens)
VALUES (%(account)s, %(requests_per_minute)s / 6.0)
ON CONFLICT (account) DO NOTHING

-- name: change
-- Another configuration may mend what has blocked the lane: one event is tried at once. What the receiver
-- has asked to wait stays.
UPDATE relay_lanes
SET is_active = %(is_active)s, throttle_account = %(account)s, configured_at = clock_timestamp(),
    requests_per_minute = CASE
        WHEN throttle_account = %(account)s THEN requests_per_minute
        ELSE coalesce((SELECT other.requests_per_minute FROM relay_lanes other
                       WHERE other.throttle_account = %(account)s AND other.deleted_at IS NULL
                       LIMIT 1), %(requests_per_minute)s) END,
    open_until = CASE WHEN state IN ('failing', 'blocked') THEN clock_timestamp() ELSE open_until END
WHERE destination_type = %(destination_type)s AND destination_id = %(id)s AND deleted_at IS NULL
RETURNING lane_id

-- name: switch
UPDATE relay_lanes
SET is_active = %(is_active)s,
    open_until = CASE WHEN state IN ('failing', 'blocked') THEN clock_timestamp() ELSE open_until END
WHERE destination_type = %(destination_type)s AND destination_id = %(id)s AND deleted_at IS NULL
RETURNING lane_id

-- name: make_one_due
-- The next delivery that nobody sends now, so that a lane which may be tried has something to try.
UPDATE event_deliveries d
SET next_attempt_at = clock_timestamp()
FROM (SELECT event, lane_id
      FROM event_deliveries
      WHERE lane_id = %(lane_id)s AND status = 'pending' AND lease_token IS NULL
      ORDER BY next_attempt_at, event
      LIMIT 1
      FOR UPDATE SKIP LOCKED) next
WHERE d.event = next.event AND d.lane_id = next.lane_id AND d.next_attempt_at > clock_timestamp()

-- name: close
UPDATE relay_lanes
SET deleted_at = clock_timestamp()
WHERE destination_type = %(destination_type)s AND destination_id = %(id)s AND deleted_at IS NULL
RETURNING lane_id

-- name: skip_deleted
-- Of a deleted destination. What is being sent at this moment may arrive. A row that somebody writes now is
-- left for the next look, and so is the delivery of an event that is being accepted.
UPDATE event_deliveries d
SET status = 'skipped', reason = 'destination_deleted', ended_at = clock_timestamp(),
    maybe_delivered = d.maybe_delivered OR d.lease_token IS NOT NULL,
    lease_token = NULL, lease_until = NULL
FROM (SELECT own.event, own.lane_id
      FROM relay_lanes l
      CROSS JOIN LATERAL (
          SELECT event, lane_id
          FROM event_deliveries
          WHERE lane_id = l.lane_id AND status = 'pending'
          LIMIT %(most)s
          FOR UPDATE SKIP LOCKED) own
      WHERE l.deleted_at IS NOT NULL
      LIMIT %(most)s) gone
WHERE d.event = gone.event AND d.lane_id = gone.lane_id

-- name: read_others
-- The other destinations of the storefront that get new events.
SELECT DISTINCT adapter
FROM relay_lanes
WHERE storefront_id = %(storefront_id)s AND lane_id <> %(lane_id)s AND is_active
  AND deleted_at IS NULL
ORDER BY adapter
