-- Sessions of the console. Times are the database's.

-- name: find_session
-- Without such a session there is a row without an id.
-- text: sql/banking/schema.sql, find_session
SELECT * FROM find_session(%(token_hash)s, %(used)s)

-- name: lock_key
-- Two sign-ins with one key count its sessions one after the other.
SELECT key_id FROM consumer_api_keys
WHERE key_id = %(key_id)s AND consumer_id = %(owner_id)s
FOR NO KEY UPDATE

-- name: begin
INSERT INTO console_sessions (token_hash, consumer_id, key_id, actor, read_only, expires_at)
VALUES (%(token_hash)s, %(owner_id)s, %(key_id)s, %(actor)s, %(read_only)s,
        clock_timestamp() + make_interval(hours => %(hours)s))
RETURNING session_id, expires_at

-- name: end_oldest
-- Those that live longer than the newest `most` of the key.
UPDATE console_sessions
SET ended_at = clock_timestamp()
WHERE session_id IN (
    SELECT session_id
    FROM console_sessions
    WHERE key_id = %(key_id)s AND consumer_id = %(owner_id)s AND ended_at IS NULL
      AND expires_at > clock_timestamp()
      AND last_used_at > clock_timestamp() - make_interval(mins => %(idle_minutes)s)
    ORDER BY created_at DESC, session_id
    OFFSET %(most)s)

-- name: read
SELECT expires_at, least(expires_at, last_used_at + make_interval(mins => %(idle_minutes)s)) AS idle_expires_at
FROM console_sessions
WHERE session_id = %(session_id)s AND consumer_id = %(owner_id)s

-- name: end
UPDATE console_sessions
SET ended_at = clock_timestamp()
WHERE session_id = %(session_id)s AND consumer_id = %(owner_id)s AND ended_at IS NULL

-- name: end_all
UPDATE console_sessions
SET ended_at = clock_timestamp()
WHERE key_id = %(key_id)s AND consumer_id = %(owner_id)s AND ended_at IS NULL
