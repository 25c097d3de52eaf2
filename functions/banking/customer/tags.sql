-- The tags of customers. Every change begins with touch_customer in the same transaction. Its row lock
-- blocks other changes of the customer, also a deletion, which would otherwise leave tags behind.

-- name: touch_customer
UPDATE customers
SET updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
RETURNING customer_id

-- name: read_tag
-- No row: no such customer. A row without value: no such tag.
SELECT t.tag_value
FROM customers c
LEFT JOIN customer_tags t ON t.customer_id = c.customer_id AND t.tag_key = %(tag_key)s
WHERE c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s

-- name: add_tags
-- Returns the added keys, without those that existed already.
INSERT INTO customer_tags (customer_id, tag_key, tag_value)
SELECT c.customer_id, new.tag_key, new.tag_value
FROM customers c,
     unnest(%(tag_keys)s::text[], %(tag_values)s::text[]) AS new (tag_key, tag_value)
WHERE c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s
ON CONFLICT (customer_id, tag_key) DO NOTHING
RETURNING tag_key

-- name: measure_tags
-- Runs after a change, in its transaction: with the row lock the bounds hold exactly.
SELECT count(*) AS tags,
       coalesce(sum(octet_length(t.tag_key) + octet_length(t.tag_value)), 0)::bigint AS bytes
FROM customers c
JOIN customer_tags t ON t.customer_id = c.customer_id
WHERE c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s

-- The changes of one tag return by how many bytes the tags grow.

-- name: delete_tag
DELETE FROM customer_tags t
USING customers c
WHERE t.customer_id = c.customer_id AND t.tag_key = %(tag_key)s
  AND c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s
RETURNING - octet_length(t.tag_key) - octet_length(t.tag_value) AS growth

-- name: rename_tag
UPDATE customer_tags t
SET tag_key = %(new_tag_key)s, updated_at = clock_timestamp()
FROM customers c
WHERE t.customer_id = c.customer_id AND t.tag_key = %(tag_key)s
  AND c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s
RETURNING octet_length(t.tag_key) - octet_length(%(tag_key)s) AS growth

-- name: set_tag_value
UPDATE customer_tags t
SET tag_value = %(new_tag_value)s, updated_at = clock_timestamp()
FROM customers c
JOIN customer_tags old ON old.customer_id = c.customer_id AND old.tag_key = %(tag_key)s
WHERE t.customer_id = c.customer_id AND t.tag_key = %(tag_key)s
  AND c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s
RETURNING octet_length(t.tag_value) - octet_length(old.tag_value) AS growth
