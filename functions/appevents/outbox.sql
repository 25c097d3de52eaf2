-- The outbox of a service: its events, written with what they tell. They have no order: an outcome says
-- what it belongs to.

-- name: write
-- Returns what a message is made from.
INSERT INTO outbox (event_type, client_generated_id, user_id, causation_id, data)
VALUES (%(event_type)s, %(client_generated_id)s, %(user_id)s, %(causation_id)s, %(data)s::json)
RETURNING id, event_type, client_generated_id, user_id, causation_id, data,
          created_at AS told_at, created_at AS received_at, created_at AS effective_at

-- name: mark_published_all
-- In a transaction of its own, whose commit does not wait for the disk: a lost mark only causes one more publish.
UPDATE outbox
SET publish_status = 'published', published_at = clock_timestamp(), failure_reason = NULL
FROM set_config('synchronous_commit', 'off', true)
WHERE id = ANY (%(ids)s::bigint[]) AND publish_status = 'pending'

-- name: mark_unpublished_all
-- The reason also tells the sweep that no function is publishing these rows any more.
UPDATE outbox o
SET failure_reason = told.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS told (id, reason)
WHERE o.id = told.id AND o.publish_status = 'pending'

-- name: count
SELECT count(*) AS count FROM outbox WHERE publish_status = 'pending'

-- name: claim
SELECT id, event_type, client_generated_id, user_id, causation_id, data,
       created_at AS told_at, created_at AS received_at, created_at AS effective_at
FROM outbox
WHERE publish_status = 'pending' AND id > %(after_id)s
  AND (failure_reason IS NOT NULL
       OR created_at <= clock_timestamp() - make_interval(secs => %(handoff_seconds)s))
ORDER BY id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: confirmed
UPDATE outbox
SET publish_status = 'published', published_at = clock_timestamp(), try_count = try_count + 1,
    failure_reason = NULL
WHERE id = ANY (%(ids)s::bigint[])

-- name: failed
-- A service's event is never given up: what it tells has happened.
UPDATE outbox o
SET try_count = o.try_count + 1, failure_reason = told.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS told (id, reason)
WHERE o.id = told.id
