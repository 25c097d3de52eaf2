-- The statements of `fintegrate.access.resealing`, for the banks' signing secrets.

-- name: count
SELECT count(*) AS total, count(*) FILTER (WHERE key_id = %(current)s) AS current FROM webhooks

-- name: claim
SELECT consumer_id::text AS consumer_id, key_id, secrets_sealed AS text
FROM webhooks
WHERE key_id <> %(current)s AND consumer_id > %(after)s::uuid
ORDER BY consumer_id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: rewrite
UPDATE webhooks w
SET key_id = new.key_id, secrets_sealed = new.text
FROM unnest(%(ids)s::uuid[], %(key_ids)s::text[], %(texts)s::text[]) AS new (consumer_id, key_id, text)
WHERE w.consumer_id = new.consumer_id
