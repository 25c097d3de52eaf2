-- Copies for banks that are called, of events that a sweep or a job sends again.

-- name: is_any_called
SELECT EXISTS (SELECT FROM webhooks
               WHERE %(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s) AS is_called

-- name: hand_over
-- In the transaction that marks the events as sent. One that waits already goes now.
INSERT INTO webhook_copies AS k (event_id, consumer_id, customer_id, sequence, due_at, by, goes_first)
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, clock_timestamp(), %(by)s, %(goes_first)s
FROM customer_events e
WHERE e.event_id = ANY (%(ids)s::uuid[])
ON CONFLICT (event_id) DO UPDATE
    SET due_at = excluded.due_at, by = excluded.by, tries = 0,
        goes_first = k.goes_first OR excluded.goes_first
