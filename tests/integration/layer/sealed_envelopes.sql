-- name: count
SELECT count(*) AS total, count(*) FILTER (WHERE key_id = %(current)s) AS current
FROM envelopes
WHERE key_id IS NOT NULL

-- name: claim
SELECT envelope_id, addressee, key_id, sealed
FROM envelopes
WHERE key_id <> %(current)s AND envelope_id > %(after)s
ORDER BY envelope_id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: rewrite
UPDATE envelopes SET key_id = new.key_id, sealed = new.sealed
FROM unnest(%(ids)s::bigint[], %(key_ids)s::text[], %(texts)s::text[])
         AS new (envelope_id, key_id, sealed)
WHERE envelopes.envelope_id = new.envelope_id
