-- The floors' statements. A program without this project sends them as text, so each call is planned.
-- The product does the same work in database functions, which keep their plans.

-- name: find_key
SELECT k.api_key_hash, k.api_key_status, k.expires_at <= clock_timestamp() AS expired,
       c.consumer_id, c.name AS consumer_name, c.status AS consumer_status
FROM consumer_api_keys k
JOIN consumers c ON c.consumer_id = k.consumer_id
WHERE k.key_id = %(key_id)s

-- name: create_customer
WITH customer AS (
    INSERT INTO customers (consumer_id, name, status, created_at, updated_at)
    SELECT %(consumer_id)s, %(name)s, %(status)s, at, at FROM clock_timestamp() AS at
    RETURNING *
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at)
SELECT consumer_id, customer_id, event_sequence, 'customer_creation', %(source_service)s,
       jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
       jsonb_strip_nulls(jsonb_build_object(
           'created_at', utc_text(created_at), 'sequence', event_sequence,
           'source_service', %(source_service)s, 'traceparent', %(traceparent)s::text)),
       created_at
FROM customer
RETURNING *, %(consumer_name)s AS consumer_name

-- name: mark_published
UPDATE customer_events
SET publish_status = 'published', published_at = clock_timestamp(),
    publish_last_tried_at = clock_timestamp(), publish_failure_reason = NULL
WHERE event_id = %(event_id)s AND publish_status = 'pending'

-- name: confirm
WITH event AS (
    SELECT event_id, consumer_id, customer_id, event_type, deliver_status
    FROM customer_events
    WHERE event_id = %(event_id)s AND consumer_id = %(consumer_id)s
), receipt AS (
    INSERT INTO consumer_event_receipts AS stored
        (consumer_id, event_id, customer_id, event_type, received_at, processing_status,
         processing_failure_reason)
    SELECT consumer_id, event_id, customer_id, event_type,
           coalesce(%(received_at)s, clock_timestamp()), %(status)s, %(failure_reason)s
    FROM event
    ON CONFLICT (consumer_id, event_id) DO UPDATE
        SET processing_status = excluded.processing_status,
            processing_failure_reason = excluded.processing_failure_reason,
            received_at = coalesce(%(received_at)s, stored.received_at),
            updated_at = clock_timestamp()
        WHERE stored.processing_status <> 'processed'
          AND (stored.processing_status <> excluded.processing_status
               OR stored.processing_failure_reason
                  IS DISTINCT FROM excluded.processing_failure_reason
               OR EXISTS (SELECT FROM event WHERE deliver_status = 'pending'))
    RETURNING event_id
)
UPDATE customer_events AS e
SET deliver_status = CASE WHEN %(status)s = 'failed' THEN 'failed' ELSE 'delivered' END,
    delivered_at = CASE WHEN %(status)s = 'failed' THEN NULL
                        ELSE coalesce(e.delivered_at, clock_timestamp()) END,
    deliver_failure_reason = %(failure_reason)s,
    publish_status = 'published',
    published_at = coalesce(e.published_at, clock_timestamp()),
    publish_failure_reason = NULL
FROM receipt
WHERE e.event_id = receipt.event_id
RETURNING e.event_id

-- name: receipt
INSERT INTO consumer_event_receipts
    (consumer_id, event_id, customer_id, event_type, processing_status)
SELECT consumer_id, event_id, customer_id, event_type, 'processed'
FROM customer_events WHERE event_id = %(event_id)s AND consumer_id = %(consumer_id)s
ON CONFLICT (consumer_id, event_id) DO UPDATE SET processing_status = 'processed'
