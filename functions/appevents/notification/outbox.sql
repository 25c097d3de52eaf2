-- The outbox of what clients tell. Its rows are also the memory of ids and the place of outcomes.

-- name: predecessors
SELECT count(*) > 0 AS pending,
       coalesce(bool_and(publish_failure_reason IS NULL
                         AND received_at > clock_timestamp()
                                           - make_interval(secs => %(handoff_seconds)s)), false)
           AS in_hand
FROM events
WHERE user_id = %(key)s AND sequence < %(position)s AND publish_status = 'pending'

-- name: mark_published_all
-- Planned once per connection. Its commit does not wait for the disk.
-- text: sql/appevents/notify/schema.sql, mark_events_published
SELECT mark_events_published(%(ids)s::bigint[])

-- name: mark_unpublished_all
-- The reason also tells the sweep that no request is publishing these events any more.
UPDATE events e
SET publish_failure_reason = told.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS told (id, reason)
WHERE e.id = told.id AND e.publish_status = 'pending'

-- name: count
SELECT count(*) AS count FROM events WHERE publish_status = 'pending'

-- name: claim
-- Leaves out young events without a failure reason: a request is still publishing them.
SELECT id, user_id, client_generated_id, event_type, sequence, payload AS data, told_at, effective_at,
       received_at, request_id, traceparent
FROM events
WHERE publish_status = 'pending' AND id > %(after_id)s
  AND (publish_failure_reason IS NOT NULL
       OR received_at <= clock_timestamp() - make_interval(secs => %(handoff_seconds)s))
ORDER BY id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: barriers
-- For each user of the batch: the first pending event outside the batch before the user's last one in it.
SELECT lane.key, other.sequence AS position
FROM unnest(%(keys)s::uuid[], %(last_positions)s::bigint[]) AS lane (key, last_position)
CROSS JOIN LATERAL (
    SELECT e.sequence
    FROM events e
    WHERE e.user_id = lane.key AND e.sequence < lane.last_position
      AND e.publish_status = 'pending' AND e.id <> ALL (%(ids)s::bigint[])
    ORDER BY e.sequence
    LIMIT 1) AS other

-- name: confirmed
UPDATE events
SET publish_status = 'published', published_at = clock_timestamp(),
    publish_try_count = publish_try_count + 1, publish_failure_reason = NULL
WHERE id = ANY (%(ids)s::bigint[])

-- name: failed
-- An event is never given up: what was accepted is published.
UPDATE events e
SET publish_try_count = e.publish_try_count + 1, publish_failure_reason = told.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS told (id, reason)
WHERE e.id = told.id
