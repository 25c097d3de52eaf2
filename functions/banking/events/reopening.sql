-- Takes failed events up again: those that no later event of their customer follows.

-- name: find_newest
-- In steps, oldest first. What is found here is only likely: reopen looks again, under the lock.
SELECT found.*
FROM consumers c
CROSS JOIN LATERAL (
    SELECT e.event_id, e.customer_id, e.created_at
    FROM customer_events e
    WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'failed'
      AND (e.created_at, e.event_id) > (%(after_created_at)s, %(after_event_id)s)
      AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
      AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
      AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
      AND (%(max_try_count)s::integer IS NULL OR e.publish_try_count < %(max_try_count)s)
      AND NOT EXISTS (SELECT FROM customer_events later
                      WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence)
    ORDER BY e.created_at, e.event_id
    LIMIT %(batch)s) found
WHERE %(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s
ORDER BY found.created_at, found.event_id
LIMIT %(batch)s

-- name: lock_customers
-- The lock that every change of a customer takes first, so no event is born until the commit. In one
-- order, so that two calls do not wait for each other. A deleted customer has no row: nothing can be
-- born any more, so it needs no lock.
SELECT customer_id
FROM customers
WHERE customer_id = ANY (%(customer_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
ORDER BY customer_id
FOR NO KEY UPDATE

-- name: reopen
-- A statement of its own on purpose: its snapshot is taken after the locks, so it sees every event that
-- was born before them. The event gets its tries anew.
WITH told AS (
    UPDATE customer_events e
    SET publish_status = 'pending', publish_try_count = 1, publish_given_up_at = NULL,
        publish_failure_reason = %(reason)s || left(e.publish_failure_reason, 500)
    WHERE e.event_id = ANY (%(event_ids)s::uuid[]) AND e.publish_status = 'failed'
      AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
      AND NOT EXISTS (SELECT FROM customer_events later
                      WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence)
    RETURNING e.event_id, e.consumer_id, e.publish_failure_reason AS words
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, 'resend', 'reopened', left(words, 1000), %(caused_by)s
FROM told
