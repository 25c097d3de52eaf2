-- The statements of `fintegrate.access.resealing`, for credentials and for the private data of events.

-- name: count_credentials
SELECT count(*) AS total, count(*) FILTER (WHERE key_id = %(current)s) AS current
FROM platform_credentials

-- name: claim_credentials
SELECT id, key_id, credentials_encrypted AS text, storefront_id, platform_id
FROM platform_credentials
WHERE key_id <> %(current)s AND id > %(after)s
ORDER BY id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: rewrite_credentials
UPDATE platform_credentials c
SET key_id = new.key_id, credentials_encrypted = new.text
FROM unnest(%(ids)s::integer[], %(key_ids)s::text[], %(texts)s::text[]) AS new (id, key_id, text)
WHERE c.id = new.id

-- name: count_events
SELECT count(*) AS total, count(*) FILTER (WHERE key_id = %(current)s) AS current
FROM marketing_events
WHERE key_id IS NOT NULL

-- name: claim_events
-- Key by key in the index, so that the rows of the current key are not read.
WITH RECURSIVE named (key_id) AS (
    (SELECT key_id FROM marketing_events WHERE key_id IS NOT NULL ORDER BY key_id LIMIT 1)
    UNION ALL
    SELECT (SELECT e.key_id FROM marketing_events e
            WHERE e.key_id > n.key_id ORDER BY e.key_id LIMIT 1)
    FROM named n
    WHERE n.key_id IS NOT NULL
)
SELECT e.*
FROM named n
CROSS JOIN LATERAL (
    SELECT id, key_id, private_encrypted AS text, storefront_id, identity, event_type
    FROM marketing_events
    WHERE key_id = n.key_id AND id > %(after)s
    ORDER BY id
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED) e
WHERE n.key_id <> %(current)s
ORDER BY e.id
LIMIT %(batch)s

-- name: rewrite_events
UPDATE marketing_events e
SET key_id = new.key_id, private_encrypted = new.text
FROM unnest(%(ids)s::bigint[], %(key_ids)s::text[], %(texts)s::text[]) AS new (id, key_id, text)
WHERE e.id = new.id
