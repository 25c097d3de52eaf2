-- Publishing what is pending: the statements of the resend sweep.
-- What young events without a reason are, see predecessors in outbox.sql: still in good hands.

-- name: count
-- Everything pending in scope; what cannot be taken now is answered as skipped.
SELECT count(*) AS count
FROM customer_events
WHERE publish_status = 'pending'
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
  AND (%(event_types)s::text[] IS NULL OR event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)

-- name: plan
-- Without sorting the planner has to walk the index of what is pending, which costs what the batch
-- costs. Left to itself it believes old statistics, and reads and sorts the whole backlog for each.
SET LOCAL enable_sort = off

-- name: claim
-- What a message is made of; its try count is that of the try it is for.
SELECT e.event_id, e.customer_id, e.sequence, e.event_type, e.payload_json, e.metadata_json,
       e.created_at, c.name AS consumer_name, e.deliver_try_count,
       e.publish_try_count + 1 AS publish_try_count
FROM customer_events e
JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE e.publish_status = 'pending'
  AND (e.created_at, e.event_id) > (%(after_created_at)s, %(after_event_id)s)
  AND (e.publish_failure_reason IS NOT NULL
       OR e.created_at <= clock_timestamp() - make_interval(secs => %(handoff_seconds)s))
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
  AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
  AND (%(max_try_count)s::integer IS NULL OR e.publish_try_count < %(max_try_count)s)
ORDER BY e.created_at, e.event_id
LIMIT %(batch)s
FOR UPDATE OF e SKIP LOCKED

-- name: barriers
-- For each customer of the batch the first pending event before its last one that is not in the
-- batch: what comes after it must wait.
-- One look into the index for each customer: a join is planned by statistics, as the claim was.
SELECT lane.key, other.sequence AS position
FROM unnest(%(keys)s::uuid[], %(last_positions)s::bigint[]) AS lane (key, last_position),
     LATERAL (
         SELECT e.sequence
         FROM customer_events e
         WHERE e.customer_id = lane.key AND e.sequence < lane.last_position
           AND e.publish_status = 'pending' AND e.event_id <> ALL (%(ids)s::uuid[])
         ORDER BY e.sequence
         LIMIT 1
     ) AS other

-- name: confirmed
UPDATE customer_events
SET publish_status = 'published', published_at = clock_timestamp(),
    publish_try_count = publish_try_count + 1, publish_last_tried_at = clock_timestamp(),
    publish_failure_reason = NULL
WHERE event_id = ANY (%(ids)s::uuid[])

-- name: failed
UPDATE customer_events e
SET publish_try_count = e.publish_try_count + 1, publish_last_tried_at = clock_timestamp(),
    publish_failure_reason = tried.reason,
    publish_status = CASE WHEN e.publish_try_count + 1 >= %(max_tries)s THEN 'failed'
                          ELSE 'pending' END
FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS tried (event_id, reason)
WHERE e.event_id = tried.event_id
