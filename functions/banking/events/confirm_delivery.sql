-- name: confirm
-- Writes a confirmation into the receipt and the event. Returns no row if nothing changed. The function
-- has the state machine and its reasons. Planned once per connection.
-- text: sql/banking/schema.sql, confirm_delivery
SELECT event_id
FROM confirm_delivery(%(event_id)s, %(consumer_id)s, %(status)s, %(received_at)s,
                      %(failure_reason)s) AS event_id
WHERE event_id IS NOT NULL

-- name: read_receipt
-- Why nothing changed: the consumer has no such event (no row), or its receipt's status.
SELECT e.event_id, r.processing_status
FROM customer_events e
LEFT JOIN consumer_event_receipts r
       ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.event_id = %(event_id)s AND e.consumer_id = %(consumer_id)s
