-- name: find_key
-- What a request must know of its key. Every request runs it, so it is planned once per connection, and
-- nothing is computed around the function. Without such a key there is a row without an owner.
-- text: sql/banking/schema.sql, find_caller
SELECT * FROM find_caller(%(key_id)s)

-- name: lock_consumer
SELECT c.consumer_id,
       EXISTS (SELECT FROM onboardings o
               WHERE o.consumer_id = c.consumer_id
                 AND o.state IN ('running', 'ready', 'undoing')) AS in_onboarding
FROM consumers c
WHERE c.consumer_id = %(consumer_id)s
FOR UPDATE OF c

-- name: expire_due_keys_of
-- An expired key counts as expired before the hourly schedule has written so.
UPDATE consumer_api_keys
SET api_key_status = 'expired', updated_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND api_key_status = 'active'
  AND expires_at <= clock_timestamp()

-- name: end_active_keys
-- All of them, or with an overlap those that were replaced before.
UPDATE consumer_api_keys
SET api_key_status = 'deactivated', updated_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND api_key_status = 'active'
  AND (replaced_at IS NOT NULL OR NOT %(overlapping)s)

-- name: describe
-- A consumer, how many of its keys are active, and whether its onboarding is not finished.
SELECT c.consumer_id, c.name AS consumer_name,
       (SELECT count(*) FROM consumer_api_keys k
        WHERE k.consumer_id = c.consumer_id AND k.api_key_status = 'active'
          AND k.expires_at > clock_timestamp()) AS active,
       EXISTS (SELECT FROM onboardings o
               WHERE o.consumer_id = c.consumer_id
                 AND o.state IN ('running', 'ready', 'undoing')) AS in_onboarding
FROM consumers c
WHERE c.consumer_id = %(consumer_id)s

-- name: replace_newest_key
-- It still works for the overlap, but never longer than it would have.
UPDATE consumer_api_keys
SET replaced_at = clock_timestamp(), updated_at = clock_timestamp(),
    expires_at = least(expires_at,
                       clock_timestamp() + make_interval(mins => %(overlap_minutes)s))
WHERE consumer_id = %(consumer_id)s AND api_key_status = 'active'

-- name: insert_key
INSERT INTO consumer_api_keys (key_id, consumer_id, api_key_hash, expires_at)
VALUES (%(key_id)s, %(consumer_id)s, %(api_key_hash)s,
        clock_timestamp() + make_interval(days => %(expires_in_days)s))

-- name: read_key
-- An expired key is shown as expired even before the hourly schedule has run. The admin's never expires.
SELECT CASE WHEN api_key_status = 'active' AND expires_at <= clock_timestamp() THEN 'expired'
            ELSE api_key_status END AS status,
       created_at, CASE WHEN isfinite(expires_at) THEN expires_at END AS expires_at, updated_at
FROM consumer_api_keys
WHERE key_id = %(key_id)s AND (%(owner_id)s::uuid IS NULL OR consumer_id = %(owner_id)s)

-- name: find_owner
-- Whose key it is, for the operator's acts on it.
SELECT k.consumer_id, c.name AS consumer_name,
       k.api_key_status = 'active' AND k.expires_at > clock_timestamp() AS is_active
FROM consumer_api_keys k
JOIN consumers c ON c.consumer_id = k.consumer_id
WHERE k.key_id = %(key_id)s

-- name: deactivate_key
-- Any consumer's key except the admin's.
UPDATE consumer_api_keys
SET api_key_status = 'deactivated', updated_at = clock_timestamp()
WHERE key_id = %(key_id)s AND consumer_id <> %(admin_id)s
  AND api_key_status = 'active' AND expires_at > clock_timestamp()
RETURNING consumer_id

-- name: expire_due_keys
WITH expired AS (
    UPDATE consumer_api_keys
    SET api_key_status = 'expired', updated_at = clock_timestamp()
    WHERE api_key_status = 'active' AND expires_at <= clock_timestamp()
    RETURNING key_id
)
SELECT count(*) AS count FROM expired
