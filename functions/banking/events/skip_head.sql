-- Gives up a customer's head, so that the others can be published: the first of its pending events, or an earlier one
-- that a rewind sends again by webhook.

-- name: find_head
SELECT first.event_id, first.is_copy
FROM ((SELECT event_id, sequence, false AS is_copy
       FROM customer_events
       WHERE customer_id = %(customer_id)s AND publish_status = 'pending'
       ORDER BY sequence
       LIMIT 1)
      UNION ALL
      (SELECT event_id, sequence, true
       FROM webhook_copies
       WHERE customer_id = %(customer_id)s AND goes_first
       ORDER BY sequence
       LIMIT 1)) first
ORDER BY first.sequence, first.is_copy
LIMIT 1

-- name: describe_head
-- For a dry run: whose it is, and how many wait behind it.
SELECT e.consumer_id, c.name AS consumer_name, e.created_at,
       (SELECT count(*) FROM customer_events b
        WHERE b.customer_id = e.customer_id AND b.sequence > e.sequence
          AND b.publish_status = 'pending')
       + (SELECT count(*) FROM webhook_copies k
          WHERE k.customer_id = e.customer_id AND k.sequence > e.sequence AND k.goes_first) AS behind,
       e.consumer_id IN (SELECT consumer_id FROM webhooks) AS is_called
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

-- name: lock_lane
-- As a claim does it: the next statement sees every lease of the bank.
SELECT FROM webhooks
WHERE consumer_id = (SELECT consumer_id FROM webhook_copies WHERE event_id = %(event_id)s)
FOR UPDATE

-- name: find_copy
SELECT k.consumer_id,
       EXISTS (SELECT FROM webhook_turns t
               WHERE t.customer_id = k.customer_id AND t.event_id = k.event_id
                 AND t.lease_until > clock_timestamp()) AS in_hand
FROM webhook_copies k
WHERE k.event_id = %(event_id)s AND k.goes_first

-- name: fail_copied
-- As a bank that refuses a copy to the last try: the event has failed, unless it is processed.
SELECT confirm_delivery(%(event_id)s, %(consumer_id)s, 'failed', NULL, %(reason)s)

-- name: skip_copy
WITH skipped AS (
    DELETE FROM webhook_copies
    WHERE event_id = %(event_id)s AND goes_first
    RETURNING event_id, consumer_id, customer_id, sequence
), told AS (
    INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
    SELECT event_id, consumer_id, 'skip', 'given_up', left(%(reason)s, 1000), %(caused_by)s
    FROM skipped
)
SELECT skipped.*, e.event_type,
       (SELECT count(*)
        FROM customer_events b
        WHERE b.customer_id = skipped.customer_id AND b.sequence > skipped.sequence
          AND b.publish_status = 'pending')
       + (SELECT count(*)
          FROM webhook_copies k
          WHERE k.customer_id = skipped.customer_id AND k.sequence > skipped.sequence
            AND k.goes_first) AS released_count
FROM skipped
JOIN customer_events e ON e.event_id = skipped.event_id
