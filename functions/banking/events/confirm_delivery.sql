-- name: confirm
-- Writes a confirmation into the receipt and the event. Returns no row if nothing changed. The function
-- has the state machine and its reasons. The lag is by the database's clock. Planned once per connection.
-- text: sql/banking/schema.sql, confirm_delivery
SELECT extract(epoch FROM clock_timestamp() - e.created_at)::float8 AS lag_seconds
FROM confirm_delivery(%(event_id)s, %(consumer_id)s, %(status)s, %(received_at)s,
                      %(failure_reason)s) AS changed
JOIN customer_events e ON e.event_id = changed AND e.consumer_id = %(consumer_id)s

-- name: read_receipt
-- Why nothing changed: the consumer has no such event (no row), or its receipt's status.
SELECT e.event_id, r.processing_status
FROM customer_events e
LEFT JOIN consumer_event_receipts r
       ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.event_id = %(event_id)s AND e.consumer_id = %(consumer_id)s
