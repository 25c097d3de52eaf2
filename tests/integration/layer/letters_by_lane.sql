-- name: due
SELECT r.lane AS lane_id, r.concurrency, r.failures
FROM roads r
WHERE (r.open_until IS NULL OR r.open_until <= clock_timestamp())
  AND EXISTS (
      SELECT FROM letters l
      WHERE l.lane = r.lane AND l.status = 'waiting' AND l.next_attempt_at <= clock_timestamp()
        AND (l.lease_until IS NULL OR l.lease_until <= clock_timestamp()))
ORDER BY r.lane

-- name: wait
SELECT extract(epoch FROM min(greatest(l.next_attempt_at, l.lease_until, r.open_until)) - clock_timestamp())
       AS seconds
FROM roads r
JOIN letters l ON l.lane = r.lane
WHERE l.status = 'waiting' AND r.stamps > 0

-- name: claim
-- A road that failed lets one letter through, and nobody else until that one's lease is over.
WITH turn AS (
    UPDATE roads
    SET open_until = CASE WHEN failures >= 5
                          THEN clock_timestamp() + make_interval(secs => %(lease_seconds)s) END
    WHERE lane = %(lane_id)s AND (open_until IS NULL OR open_until <= clock_timestamp())
    RETURNING lane, stamps, CASE WHEN failures >= 5 THEN 1 ELSE %(requests)s END AS most
), due AS (
    SELECT l.letter_id
    FROM turn, LATERAL (
        SELECT letter_id FROM letters
        WHERE lane = turn.lane AND status = 'waiting' AND next_attempt_at <= clock_timestamp()
          AND (lease_until IS NULL OR lease_until <= clock_timestamp())
        ORDER BY letter_id
        LIMIT least(turn.most, turn.stamps)
        FOR UPDATE SKIP LOCKED) l
)
UPDATE letters
SET lease_token = %(token)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM due
WHERE letters.letter_id = due.letter_id
RETURNING letters.letter_id, letters.lane, letters.position

-- name: spend
UPDATE roads SET stamps = stamps - %(count)s WHERE lane = %(lane_id)s

-- name: release
UPDATE letters
SET lease_token = NULL, lease_until = NULL
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS left_over (letter_id, token)
WHERE letters.letter_id = left_over.letter_id AND letters.lease_token = left_over.token

-- name: write_letters
UPDATE letters
SET status = CASE WHEN told.delivered THEN 'sent' ELSE status END, tries = tries + 1,
    next_attempt_at = CASE WHEN told.delivered THEN next_attempt_at
                           ELSE clock_timestamp() + interval '1 hour' END,
    lease_token = NULL, lease_until = NULL
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(delivered)s::boolean[])
         AS told (letter_id, token, delivered)
WHERE letters.letter_id = told.letter_id AND letters.lease_token = told.token

-- name: write_roads
UPDATE roads
SET failures = CASE WHEN told.delivered THEN 0 ELSE failures + 1 END,
    open_until = CASE WHEN told.delivered OR failures + 1 < 5 THEN NULL
                      ELSE clock_timestamp() + interval '30 s' END
FROM unnest(%(lanes)s::text[], %(delivered)s::boolean[]) AS told (lane, delivered)
WHERE roads.lane = told.lane
