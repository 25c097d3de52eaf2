-- name: count
SELECT count(*) AS count FROM letters WHERE status = 'waiting'

-- name: claim
-- Rows of an UPDATE come in no order, so they are sorted at the end.
WITH due AS (
    SELECT letter_id
    FROM letters
    WHERE status = 'waiting' AND next_attempt_at <= clock_timestamp()
      AND (lease_until IS NULL OR lease_until <= clock_timestamp())
      AND letter_id > %(after_letter_id)s
    ORDER BY letter_id
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE letters
    SET lease_token = %(token)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
    FROM due
    WHERE letters.letter_id = due.letter_id
    RETURNING letters.letter_id, lane, position, text, tries + 1 AS tries
)
SELECT * FROM leased ORDER BY letter_id

-- name: barriers
SELECT batch.key, min(letters.position) AS position
FROM unnest(%(keys)s::text[], %(last_positions)s::integer[]) AS batch (key, last_position)
JOIN letters ON letters.lane = batch.key AND letters.position < batch.last_position
            AND letters.status = 'waiting' AND letters.letter_id <> ALL (%(ids)s::bigint[])
GROUP BY batch.key

-- name: renew
UPDATE letters
SET lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
WHERE letter_id = ANY (%(ids)s::bigint[]) AND lease_token = %(token)s
RETURNING letter_id AS id

-- name: confirmed
UPDATE letters
SET status = 'sent', tries = tries + 1, reason = NULL, lease_token = NULL, lease_until = NULL
WHERE letter_id = ANY (%(ids)s::bigint[]) AND lease_token = %(token)s

-- name: failed
UPDATE letters
SET tries = tries + 1, reason = told.result || ': ' || told.reason,
    status = CASE WHEN tries + 1 >= %(max_tries)s THEN 'given_up' ELSE 'waiting' END,
    next_attempt_at = clock_timestamp() + make_interval(secs => told.wait),
    lease_token = NULL, lease_until = NULL
FROM unnest(%(ids)s::bigint[], %(results)s::text[], %(reasons)s::text[], %(waits)s::float8[])
         AS told (letter_id, result, reason, wait)
WHERE letters.letter_id = told.letter_id AND letters.lease_token = %(token)s

-- name: released
UPDATE letters
SET reason = told.reason, next_attempt_at = clock_timestamp() + make_interval(secs => told.wait),
    lease_token = NULL, lease_until = NULL
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[], %(waits)s::float8[])
         AS told (letter_id, reason, wait)
WHERE letters.letter_id = told.letter_id AND letters.lease_token = %(token)s
