-- Customers and the events of their changes. One statement makes a change and writes its event: the
-- UPDATE or DELETE of the customer's row takes its lock first, so sequence and created_at grow in
-- commit order. RETURNING gives the event's row, the epoch and the consumer's format, from which
-- the message is made.

-- name: create_customer
-- The most frequent change, planned once per connection. Returns what the message and the answer need
-- of the event.
-- text: sql/banking/schema.sql, create_customer_and_event, takes_webhooks, sending_epoch, sending_format
SELECT event_id, customer_id, sequence, event_type, payload_json, metadata_json, created_at,
       publish_try_count, deliver_try_count, %(consumer_name)s AS consumer_name,
       takes_webhooks(%(consumer_id)s) AS by_webhook, sending_epoch() AS epoch,
       sending_format(%(consumer_id)s) AS message_format
FROM create_customer_and_event(%(consumer_id)s, %(name)s, %(status)s, %(source_service)s,
                               %(traceparent)s, %(key_id)s, %(request_id)s)
     AS created

-- name: change_status
WITH customer AS (
    UPDATE customers
    SET status = %(status)s, event_sequence = event_sequence + 1,
        updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
    WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
      AND status <> %(status)s
    RETURNING *
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at)
SELECT consumer_id, customer_id, event_sequence, 'customer_status_change', %(source_service)s,
       jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
       jsonb_strip_nulls(jsonb_build_object(
           'created_at', utc_text(updated_at), 'sequence', event_sequence,
           'source_service', %(source_service)s, 'traceparent', %(traceparent)s::text,
           'key_id', %(key_id)s::uuid, 'request_id', %(request_id)s::text)),
       updated_at
FROM customer
RETURNING *, %(consumer_name)s AS consumer_name, takes_webhooks(%(consumer_id)s) AS by_webhook,
          (SELECT epoch FROM recovery) AS epoch, sending_format(%(consumer_id)s) AS message_format

-- name: lock_customer
SELECT customer_id
FROM customers
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
FOR UPDATE

-- name: delete_customer
-- Deletes the row and its tags; events and snapshots stay. Must run after lock_customer: a statement
-- sees only tags that were committed when it began. If it waited for the lock itself, tags added
-- meanwhile would stay behind.
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
       jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
       jsonb_strip_nulls(jsonb_build_object(
           'created_at', utc_text(deleted_at), 'sequence', sequence,
           'source_service', %(source_service)s, 'traceparent', %(traceparent)s::text,
           'key_id', %(key_id)s::uuid, 'request_id', %(request_id)s::text)),
       deleted_at
FROM customer
RETURNING *, %(consumer_name)s AS consumer_name, takes_webhooks(%(consumer_id)s) AS by_webhook,
          (SELECT epoch FROM recovery) AS epoch, sending_format(%(consumer_id)s) AS message_format

-- name: read_customer
SELECT customer_id, name, status, created_at, updated_at,
       coalesce((SELECT json_object_agg(t.tag_key, t.tag_value ORDER BY t.tag_key COLLATE "C")
                 FROM customer_tags t WHERE t.customer_id = customers.customer_id), '{}') AS tags
FROM customers
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s

-- name: few_tagged
-- The tenant's customers with a tag, if few of all tenants' have it: reading those costs less than looking at each
-- customer of the tenant. NULL if many have it.
WITH few AS MATERIALIZED (
    SELECT t.customer_id FROM customer_tags t
    WHERE t.tag_key = %(tag_key)s AND (%(tag_value)s::text IS NULL OR t.tag_value = %(tag_value)s)
    LIMIT %(few)s + 1
)
SELECT CASE WHEN (SELECT count(*) FROM few) <= %(few)s THEN
           ARRAY(SELECT c.customer_id::text FROM few JOIN customers c USING (customer_id)
                 WHERE c.consumer_id = %(consumer_id)s)
       END AS own

-- name: list_customers
-- `own`: the only ones that may match, if that is known. Each customer's tag is looked up by its key. EXISTS would let
-- PostgreSQL read every tenant's customers with that tag first, for a page of fifty.
SELECT customer_id, name, status, created_at, updated_at
FROM customers
WHERE consumer_id = %(consumer_id)s
  AND (%(own)s::uuid[] IS NULL OR customer_id = ANY (%(own)s::uuid[]))
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(tag_key)s::text IS NULL OR (
          SELECT %(tag_value)s::text IS NULL OR t.tag_value = %(tag_value)s FROM customer_tags t
          WHERE t.customer_id = customers.customer_id AND t.tag_key = %(tag_key)s))
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, customer_id) < (%(after_at)s, %(after_id)s::uuid))
ORDER BY created_at DESC, customer_id DESC
LIMIT %(limit)s + 1
