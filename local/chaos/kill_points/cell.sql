-- What kill points look at past the functions, one tenant at a time.

-- name: events
SELECT event_id::text, customer_id::text, sequence, publish_status, deliver_status,
       publish_failure_reason, deliver_try_count
FROM customer_events
WHERE consumer_id = %(consumer_id)s
ORDER BY created_at, event_id

-- name: sequences
-- The highest sequence of each customer that is still there.
SELECT customer_id::text, event_sequence
FROM customers
WHERE consumer_id = %(consumer_id)s

-- name: receipts
SELECT event_id::text, processing_status
FROM consumer_event_receipts
WHERE consumer_id = %(consumer_id)s
