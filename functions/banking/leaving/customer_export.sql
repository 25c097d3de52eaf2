-- Everything about one customer. All statements run in the one snapshot of their transaction.

-- name: take_snapshot
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: customer
SELECT customer_id, name, status, event_sequence, created_at, updated_at
FROM customers
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s

-- name: tags
SELECT t.tag_key, t.tag_value, t.created_at, t.updated_at
FROM customer_tags t
JOIN customers c ON c.customer_id = t.customer_id
WHERE t.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s
ORDER BY t.tag_key COLLATE "C"

-- name: snapshots
-- A page, oldest first. One that is not whole follows from the one before it.
SELECT snapshot_id, snapshot_at, tags_json AS tags, metrics_json AS metrics, whole
FROM customer_analytics
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (snapshot_at, snapshot_id) > (%(after_at)s, %(after_id)s::uuid))
ORDER BY snapshot_at, snapshot_id
LIMIT %(limit)s

-- name: events
-- A page, with what the bank said of each.
SELECT e.event_id, e.sequence, e.event_type, e.source_service, e.payload_json AS payload,
       e.metadata_json AS metadata, e.created_at, e.publish_status, e.published_at,
       e.publish_try_count, e.publish_last_tried_at, e.publish_failure_reason, e.publish_given_up_at,
       e.sent_late_at, e.deliver_status, e.delivered_at, e.deliver_try_count,
       e.deliver_last_tried_at, e.deliver_failure_reason, r.receipt_id, r.received_at,
       r.processing_status, r.processing_failure_reason, r.created_at AS confirmed_at,
       r.updated_at AS confirmation_updated_at
FROM customer_events e
LEFT JOIN consumer_event_receipts r ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.customer_id = %(customer_id)s AND e.consumer_id = %(consumer_id)s
  AND e.sequence > %(after)s
ORDER BY e.sequence
LIMIT %(limit)s
