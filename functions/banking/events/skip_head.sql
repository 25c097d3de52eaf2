-- Gives up a customer's head, the first of its pending events, so that the others can be published.

-- name: find_head
SELECT event_id
FROM customer_events
WHERE customer_id = %(customer_id)s AND publish_status = 'pending'
ORDER BY sequence
LIMIT 1

-- name: describe_head
-- For a dry run: whose it is, and how many wait behind it.
SELECT e.consumer_id, c.name AS consumer_name, e.created_at,
       (SELECT count(*) FROM customer_events b
        WHERE b.customer_id = e.customer_id AND b.sequence > e.sequence
          AND b.publish_status = 'pending') AS behind
FROM customer_events e
JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE e.event_id = %(event_id)s

-- name: lock_head
-- Waits for a sweep that has locked the head. Returns no row if the sweep published it or gave it up.
-- Selects by id, because the operator did not mean the next head.
-- in_hand: another request is still publishing it, see predecessors in outbox.sql, or the bank is being called.
SELECT (publish_failure_reason IS NULL
        AND created_at > clock_timestamp() - make_interval(secs => %(handoff_seconds)s))
       OR EXISTS (SELECT FROM webhook_turns t
                  WHERE t.customer_id = customer_events.customer_id
                    AND t.event_id = customer_events.event_id
                    AND t.lease_until > clock_timestamp()) AS in_hand
FROM customer_events
WHERE event_id = %(event_id)s AND publish_status = 'pending'
FOR UPDATE

-- name: skip_head
WITH skipped AS (
    UPDATE customer_events
    SET publish_status = 'failed', publish_failure_reason = %(reason)s,
        publish_given_up_at = clock_timestamp()
    WHERE event_id = %(event_id)s AND publish_status = 'pending'
    RETURNING event_id, consumer_id, customer_id, sequence, event_type
), told AS (
    INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
    SELECT event_id, consumer_id, 'skip', 'given_up', left(%(reason)s, 1000), %(caused_by)s
    FROM skipped
)
SELECT skipped.*,
       (SELECT count(*)
        FROM customer_events e
        WHERE e.customer_id = skipped.customer_id AND e.sequence > skipped.sequence
          AND e.publish_status = 'pending') AS released_count
FROM skipped
