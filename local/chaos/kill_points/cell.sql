-- What kill points look at past the functions, in a database of their own.

-- name: redeliveries
-- How often each event was redelivered, as far as it was written down.
SELECT event_id::text, deliver_try_count FROM customer_events WHERE deliver_try_count > 0

-- name: receipts
SELECT processing_status FROM consumer_event_receipts WHERE event_id = %(event_id)s
