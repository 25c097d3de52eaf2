-- What the flows of the console find: banks with a past, one of them with faults of every kind.

-- name: customers
INSERT INTO customers (consumer_id, name, event_sequence)
SELECT %(consumer_id)s, %(name)s || ' ' || number, %(events_each)s FROM generate_series(1, %(customers)s) number
RETURNING customer_id

-- name: events
-- Events of customers: `every` seconds between two customers, the last one `ended` seconds ago.
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service, payload_json, metadata_json, created_at)
SELECT %(consumer_id)s, customer_id, sequence,
       CASE WHEN sequence = 1 THEN 'customer_creation' ELSE 'customer_status_change' END, 'api',
       jsonb_build_object('customer_id', customer_id, 'name', %(name)s || ' ' || number, 'status', 'ACTIVE'),
       jsonb_build_object('created_at', clock_timestamp(), 'sequence', sequence, 'source_service', 'api'),
       clock_timestamp() - make_interval(secs => %(ended)s + (number - 1) * %(every)s::float)
           + sequence * interval '80 milliseconds'
FROM unnest(%(customer_ids)s::uuid[]) WITH ORDINALITY AS subject (customer_id, number),
     generate_series(1, %(events_each)s) sequence
RETURNING event_id

-- name: published
UPDATE customer_events
SET publish_status = 'published', published_at = created_at + interval '35 milliseconds',
    publish_last_tried_at = created_at + interval '35 milliseconds'
WHERE event_id = ANY (%(event_ids)s::uuid[])

-- name: processed
WITH receipt AS (
    INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, processing_status,
        received_at, created_at, updated_at, event_created_at)
    SELECT consumer_id, event_id, customer_id, event_type, 'processed', created_at + interval '160 milliseconds',
           created_at + interval '160 milliseconds', created_at + interval '240 milliseconds', created_at
    FROM customer_events WHERE event_id = ANY (%(event_ids)s::uuid[])
    RETURNING event_id
)
UPDATE customer_events e
SET deliver_status = 'delivered', delivered_at = e.created_at + interval '160 milliseconds',
    deliver_try_count = 1, deliver_last_tried_at = e.created_at + interval '35 milliseconds'
FROM receipt WHERE e.event_id = receipt.event_id

-- name: publish_failed
UPDATE customer_events
SET publish_status = 'failed', publish_try_count = 10, publish_failure_reason = %(reason)s,
    publish_last_tried_at = created_at + interval '9 minutes'
WHERE event_id = ANY (%(event_ids)s::uuid[])

-- name: pending
UPDATE customer_events
SET publish_try_count = 1, publish_failure_reason = %(reason)s, publish_last_tried_at = clock_timestamp()
WHERE event_id = ANY (%(event_ids)s::uuid[]) AND sequence = 1

-- name: letter
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint, created_at)
VALUES (%(queue)s, %(consumer_id)s, %(event_id)s, %(reason)s, %(body)s, %(properties)s, gen_random_uuid()::text,
        clock_timestamp() - interval '25 minutes')
RETURNING dead_letter_id

-- name: failed
UPDATE customer_events
SET deliver_status = 'failed', deliver_failure_reason = 'dead-lettered: rejected', deliver_try_count = 1
WHERE event_id = ANY (%(event_ids)s::uuid[])

-- name: one_missing
UPDATE customers SET event_sequence = event_sequence + 1 WHERE customer_id = %(customer_id)s

-- name: attempts
-- Each try after the first, by a request and then by the schedule.
INSERT INTO event_attempts (event_id, consumer_id, at, by, outcome, words)
SELECT event_id, consumer_id, created_at + make_interval(secs => CASE number WHEN 0 THEN 0.04 ELSE 60 * number END),
       CASE number WHEN 0 THEN 'request' ELSE 'resend' END, %(outcome)s, %(reason)s
FROM customer_events, generate_series(0, %(tries)s - 1) number
WHERE event_id = ANY (%(event_ids)s::uuid[]) AND sequence = 1
ORDER BY number
RETURNING event_id
