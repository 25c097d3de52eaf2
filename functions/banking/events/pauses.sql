-- The pauses of banks whose queue refuses: see resend.sql for how one begins.

-- name: take_probes
-- The banks that are due for a probe. Moving the time on is the claim: one probe a bank and period,
-- however many runs there are. A pause that another run changes is its business.
UPDATE publishing_pauses
SET probe_at = clock_timestamp() + make_interval(secs => %(probe_seconds)s)
WHERE consumer_id IN (
    SELECT consumer_id
    FROM publishing_pauses
    WHERE probe_at <= clock_timestamp()
      AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
    FOR UPDATE SKIP LOCKED)
RETURNING consumer_id

-- name: end_pause
-- There is room, or nothing waits any more.
DELETE FROM publishing_pauses p
WHERE p.consumer_id = %(consumer_id)s
  AND (%(has_room)s
       OR NOT EXISTS (SELECT FROM customer_events e
                      WHERE e.consumer_id = p.consumer_id AND e.publish_status = 'pending'))

-- name: read_pauses
SELECT p.consumer_id, c.name AS consumer_name, p.since, p.probe_at, p.reason
FROM publishing_pauses p
JOIN consumers c ON c.consumer_id = p.consumer_id
WHERE (%(consumer_id)s::uuid IS NULL OR p.consumer_id = %(consumer_id)s)
ORDER BY p.since, p.consumer_id
