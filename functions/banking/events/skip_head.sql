-- Giving up a customer's head, the first of its pending events, so that the others may go.

-- name: find_head
SELECT event_id
FROM customer_events
WHERE customer_id = %(customer_id)s AND publish_status = 'pending'
ORDER BY sequence
LIMIT 1

-- name: lock_head
-- Waits for a sweep that holds it; no row when that one published it or gave it up. By its id, because
-- the next event in line is not the one that the operator meant.
-- What in_hand means, see predecessors in outbox.sql.
SELECT publish_failure_reason IS NULL
       AND created_at > clock_timestamp() - make_interval(secs => %(handoff_seconds)s) AS in_hand
FROM customer_events
WHERE event_id = %(event_id)s AND publish_status = 'pending'
FOR UPDATE

-- name: skip_head
WITH skipped AS (
    UPDATE customer_events
    SET publish_status = 'failed', publish_failure_reason = %(reason)s
    WHERE event_id = %(event_id)s AND publish_status = 'pending'
    RETURNING event_id, consumer_id, customer_id, sequence, event_type
)
SELECT skipped.*,
       (SELECT count(*)
        FROM customer_events e
        WHERE e.customer_id = skipped.customer_id AND e.sequence > skipped.sequence
          AND e.publish_status = 'pending') AS released_count
FROM skipped
