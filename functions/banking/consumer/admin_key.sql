-- name: lock_admin
SELECT consumer_id FROM consumers WHERE consumer_id = %(consumer_id)s FOR UPDATE

-- name: find_installed
SELECT consumer_id, api_key_hash,
       api_key_status = 'active' AND expires_at > clock_timestamp() AS active
FROM consumer_api_keys
WHERE key_id = %(key_id)s

-- name: deactivate_others
UPDATE consumer_api_keys
SET api_key_status = 'deactivated', updated_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND api_key_status = 'active'

-- name: install
-- The configuration decides about this one key, so it does not expire by itself. A key that was there
-- before is not touched: what was deactivated stays so.
INSERT INTO consumer_api_keys (key_id, consumer_id, api_key_hash, expires_at)
VALUES (%(key_id)s, %(consumer_id)s, %(api_key_hash)s, 'infinity')
