-- Erases a customer. consumer_id is NULL only for the admin, who sees all tenants.

-- name: find
-- Whose customer it is or was, with the last name that is still kept of it.
SELECT bank.consumer_id, bank.name AS consumer_name,
       (SELECT e.payload_json ->> 'name' FROM customer_events e
        WHERE e.customer_id = told.customer_id AND e.consumer_id = told.consumer_id
          AND NOT e.payload_json ? 'erased'
        ORDER BY e.sequence DESC LIMIT 1) AS customer_name
FROM (SELECT customer_id, consumer_id FROM customer_events
      WHERE customer_id = %(customer_id)s AND event_type <> 'consumer_created'
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
      UNION ALL
      SELECT customer_id, consumer_id FROM archived_events
      WHERE customer_id = %(customer_id)s AND event_type <> 'consumer_created'
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
      LIMIT 1) AS told
JOIN consumers bank ON bank.consumer_id = told.consumer_id

-- name: hold_bank
-- Waits until the dead letters are kept that the sweep has read. The next ones are read after this commit.
SELECT consumer_id FROM consumers WHERE consumer_id = %(consumer_id)s FOR NO KEY UPDATE

-- name: begin
-- Who asked first, and why, stays.
INSERT INTO erasures (customer_id, consumer_id, reason, key_id, actor, request_id)
VALUES (%(customer_id)s, %(consumer_id)s, %(reason)s, %(key_id)s, %(actor)s, %(request_id)s)
ON CONFLICT (customer_id) DO NOTHING

-- name: lock_customer
SELECT customer_id FROM customers
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
FOR UPDATE

-- name: delete_customer
-- As delete_customer of customers.sql, but its event is born without the person.
WITH customer AS (
    DELETE FROM customers
    WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
    RETURNING *, event_sequence + 1 AS sequence,
              greatest(clock_timestamp(), updated_at + interval '1 microsecond') AS deleted_at
), tags AS (
    DELETE FROM customer_tags USING customer
    WHERE customer_tags.customer_id = customer.customer_id
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at)
SELECT consumer_id, customer_id, sequence, 'customer_deletion', %(source_service)s,
       erased_facts(jsonb_build_object('customer_id', customer_id, 'status', status)),
       jsonb_strip_nulls(jsonb_build_object(
           'created_at', utc_text(deleted_at), 'sequence', sequence,
           'source_service', %(source_service)s, 'traceparent', %(traceparent)s::text,
           'key_id', %(key_id)s::uuid, 'request_id', %(request_id)s::text)),
       deleted_at
FROM customer
RETURNING *, %(consumer_name)s AS consumer_name, takes_webhooks(%(consumer_id)s) AS by_webhook,
          (SELECT epoch FROM recovery) AS epoch, sending_format(%(consumer_id)s) AS message_format

-- name: erase_events
-- A batch. It runs as the owner of the tables. It locks the customer's receipts, then its events, as whoever confirms
-- does. mark_sent_again of webhooks/book.sql, which locks events, does not wait for it in a circle: it locks no receipt,
-- the confirmations of its transaction came before, and that transaction has one event of a customer.
-- text: sql/banking/schema.sql, erase_events
SELECT erase_events(%(consumer_id)s, %(customer_id)s, %(batch)s) AS count

-- name: finish
UPDATE erasures
SET finished_at = clock_timestamp(),
    event_count = (SELECT count(*) FROM customer_events
                   WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s)
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s AND finished_at IS NULL

-- name: unfinished
-- The oldest first. Statements that follow go by the customer and its consumer.
SELECT customer_id, consumer_id
FROM erasures
WHERE finished_at IS NULL AND begun_at < clock_timestamp() - make_interval(mins => %(minutes)s)
ORDER BY begun_at
LIMIT %(limit)s

-- name: read
SELECT customer_id, consumer_id, reason, begun_at, finished_at, event_count,
       finished_at + make_interval(secs => %(queue_seconds)s) AS queues_until
FROM erasures
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s

-- name: list
SELECT customer_id, consumer_id, reason, begun_at, finished_at, event_count,
       finished_at + make_interval(secs => %(queue_seconds)s) AS queues_until,
       key_id, actor, request_id
FROM erasures
WHERE (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
  AND (%(after_at)s::timestamptz IS NULL
       OR (begun_at, customer_id) < (%(after_at)s, %(after_id)s::uuid))
ORDER BY begun_at DESC, customer_id DESC
LIMIT %(limit)s + 1
