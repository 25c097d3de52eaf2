-- name: count
SELECT count(*) AS count FROM letters WHERE status = 'waiting'

-- name: claim
SELECT letter_id, lane, position, text, tries + 1 AS tries
FROM letters
WHERE status = 'waiting' AND letter_id > %(after_letter_id)s
ORDER BY letter_id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: barriers
SELECT batch.key, min(letters.position) AS position
FROM unnest(%(keys)s::text[], %(last_positions)s::integer[]) AS batch (key, last_position)
JOIN letters ON letters.lane = batch.key AND letters.position < batch.last_position
            AND letters.status = 'waiting' AND letters.letter_id <> ALL (%(ids)s::bigint[])
GROUP BY batch.key

-- name: confirmed
UPDATE letters SET status = 'sent', tries = tries + 1, reason = NULL
WHERE letter_id = ANY (%(ids)s::bigint[])

-- name: failed
UPDATE letters
SET tries = tries + 1, reason = tried.reason,
    status = CASE WHEN tries + 1 >= %(max_tries)s THEN 'given_up' ELSE 'waiting' END
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS tried (letter_id, reason)
WHERE letters.letter_id = tried.letter_id

-- name: unconfirmed
UPDATE letters SET reason = silent.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS silent (letter_id, reason)
WHERE letters.letter_id = silent.letter_id

-- name: nacked
UPDATE letters SET reason = nacked.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS nacked (letter_id, reason)
WHERE letters.letter_id = nacked.letter_id
