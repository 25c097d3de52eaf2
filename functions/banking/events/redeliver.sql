-- The redeliver sweep: publishes again what was published and not confirmed in time.

-- name: count
SELECT count(*) AS count
FROM customer_events
WHERE publish_status = 'published'
  AND (deliver_status = 'pending' OR (%(include_failed)s AND deliver_status = 'failed'))
  AND greatest(published_at, deliver_last_tried_at)
      <= clock_timestamp() - make_interval(secs => %(grace_seconds)s)
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
  AND (%(event_ids)s::uuid[] IS NULL OR event_id = ANY (%(event_ids)s::uuid[]))
  AND (%(event_types)s::text[] IS NULL OR event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)

-- name: plan
-- As in resend.sql.
SET LOCAL enable_sort = off

-- name: claim
-- Columns as in resend.sql.
-- Events tried in this run are younger than the grace period, so they are not claimed again. The
-- position is compared too, because the grace period may be zero.
SELECT e.event_id, e.customer_id, e.sequence, e.event_type, e.payload_json, e.metadata_json,
       e.created_at, c.name AS consumer_name, e.publish_try_count,
       e.deliver_try_count + 1 AS deliver_try_count, e.sent_late_at
FROM customer_events e
JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE e.publish_status = 'published'
  AND (e.deliver_status = 'pending' OR (%(include_failed)s AND e.deliver_status = 'failed'))
  AND (e.created_at, e.event_id) > (%(after_created_at)s, %(after_event_id)s)
  AND greatest(e.published_at, e.deliver_last_tried_at)
      <= clock_timestamp() - make_interval(secs => %(grace_seconds)s)
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
  AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
  AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
  AND (%(max_try_count)s::integer IS NULL OR e.deliver_try_count < %(max_try_count)s)
ORDER BY e.created_at, e.event_id
LIMIT %(batch)s
FOR UPDATE OF e SKIP LOCKED

-- name: confirmed
-- Sets the delivery back to pending, because a failed event that was sent again is under way.
UPDATE customer_events
SET deliver_status = 'pending', deliver_try_count = deliver_try_count + 1,
    deliver_last_tried_at = clock_timestamp()
WHERE event_id = ANY (%(ids)s::uuid[])

-- name: failed
UPDATE customer_events e
SET deliver_try_count = e.deliver_try_count + 1, deliver_last_tried_at = clock_timestamp(),
    deliver_failure_reason = tried.reason
FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS tried (event_id, reason)
WHERE e.event_id = tried.event_id
