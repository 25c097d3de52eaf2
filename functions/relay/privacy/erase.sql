-- A person's data: found by the hash of one match key, and emptied.

-- name: countries
-- Whose national phone numbers a sender may have meant.
SELECT DISTINCT country FROM storefronts ORDER BY country

-- name: waiting
-- Rows with what the order system wrote into them: the intake has not freed them of it.
-- A larger one is refused by the intake and emptied.
SELECT id, event_payload AS payload
FROM marketing_events
WHERE id > %(after)s AND octet_length(event_payload) <= 1000000 AND accepted_at IS NULL
  AND (status IN ('pending', 'unresolved')
       OR status_reason IS NULL AND status IS DISTINCT FROM 'pending')
ORDER BY id
LIMIT %(batch)s

-- name: erase_waiting
-- It waits for the intake; what that accepts meanwhile is left to the statements below. A row with a status of the
-- order system's own keeps it.
UPDATE marketing_events
SET event_payload = NULL, erased_at = clock_timestamp(),
    status_reason = CASE WHEN status IN ('pending', 'unresolved') THEN 'erased' END,
    status = CASE WHEN status IN ('pending', 'unresolved') THEN 'rejected' ELSE status END
WHERE id = ANY (%(ids)s::bigint[]) AND accepted_at IS NULL AND event_payload IS NOT NULL

-- name: erase_email
WITH erased AS (
    UPDATE marketing_events e
    SET match_keys = NULL, private_encrypted = NULL, key_id = NULL, erased_at = clock_timestamp()
    FROM unnest(%(hashes)s::text[]) AS wanted (hash)
    WHERE e.match_keys ->> 'em' = wanted.hash
    RETURNING e.id
)
SELECT id FROM erased

-- name: erase_phone
WITH erased AS (
    UPDATE marketing_events e
    SET match_keys = NULL, private_encrypted = NULL, key_id = NULL, erased_at = clock_timestamp()
    FROM unnest(%(hashes)s::text[]) AS wanted (hash)
    WHERE e.match_keys ->> 'ph' = wanted.hash
    RETURNING e.id
)
SELECT id FROM erased

-- name: erase_external_id
WITH erased AS (
    UPDATE marketing_events e
    SET match_keys = NULL, private_encrypted = NULL, key_id = NULL, erased_at = clock_timestamp()
    FROM unnest(%(hashes)s::text[]) AS wanted (hash)
    WHERE e.match_keys ->> 'external_id' = wanted.hash
    RETURNING e.id
)
SELECT id FROM erased

-- name: skip_pending
-- What is being sent at this moment may arrive. A row that somebody else is changing is left to the next try, because
-- waiting for it could be waiting in a circle.
UPDATE event_deliveries d
SET status = 'skipped', reason = 'erased', ended_at = clock_timestamp(),
    maybe_delivered = d.maybe_delivered
                      OR d.lease_until IS NOT NULL AND d.lease_until > clock_timestamp(),
    lease_token = NULL, lease_until = NULL
FROM (SELECT event, lane_id FROM event_deliveries
      WHERE event = ANY (%(events)s::bigint[]) AND status = 'pending'
      FOR UPDATE SKIP LOCKED) free
WHERE d.event = free.event AND d.lane_id = free.lane_id

-- name: count_pending
SELECT count(*) AS count FROM event_deliveries
WHERE event = ANY (%(events)s::bigint[]) AND status = 'pending'
