-- The keys that sign access tokens. One signs; former ones only verify, and have no private part any more.

-- name: current
SELECT kid, private_key, private_key_id FROM signing_keys WHERE superseded_at IS NULL

-- name: add
-- No row: another process has added one meanwhile.
INSERT INTO signing_keys (kid, public_key, private_key, private_key_id)
VALUES (%(kid)s, %(public_key)s::json, %(private_key)s, %(private_key_id)s)
ON CONFLICT DO NOTHING
RETURNING kid

-- name: supersede
UPDATE signing_keys
SET superseded_at = clock_timestamp(), private_key = NULL, private_key_id = NULL
WHERE superseded_at IS NULL

-- name: public
SELECT public_key
FROM signing_keys
WHERE superseded_at IS NULL
   OR superseded_at > clock_timestamp() - make_interval(secs => %(seconds)s)
ORDER BY superseded_at DESC NULLS FIRST
