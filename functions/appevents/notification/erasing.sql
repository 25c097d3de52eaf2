-- Erases users: asks every service, and empties what was told. Every statement names the user.

-- name: know_user
INSERT INTO user_sequences (user_id, last_sequence) VALUES (%(user_id)s, 0) ON CONFLICT DO NOTHING

-- name: hold_user
-- No event of the user is accepted until the commit.
SELECT last_sequence FROM user_sequences WHERE user_id = %(user_id)s FOR UPDATE

-- name: requests
-- The last request to each service, and what became of it.
SELECT DISTINCT ON (e.event_type)
       e.event_type, e.client_generated_id, e.publish_status, e.outcome_status, e.outcome_code,
       e.received_at
FROM events e
WHERE e.user_id = %(user_id)s AND e.event_type = ANY (%(types)s::text[])
ORDER BY e.event_type, e.sequence DESC

-- name: unsettled
SELECT client_generated_id AS event_id, event_type
FROM events
WHERE user_id = %(user_id)s AND outcome_status IS NULL
ORDER BY sequence

-- name: begin
INSERT INTO erasures (user_id, last_sequence, reason, key_id, actor, request_id)
VALUES (%(user_id)s, %(last_sequence)s, %(reason)s, %(key_id)s, %(actor)s, %(request_id)s)

-- name: read
SELECT last_sequence, reason, begun_at
FROM erasures
WHERE user_id = %(user_id)s
ORDER BY begun_at DESC
LIMIT 1

-- name: empty_events
-- A batch of what was told before the user was erased. What had no outcome is settled: no service acts on it.
-- content_hash is no hash any more, so the same id is never told again.
UPDATE events e
SET payload = NULL, content_hash = 'erased', erase_at = NULL, outcome_reason = NULL,
    outcome_data = CASE WHEN e.outcome_data IS NOT NULL OR e.outcome_status IS NULL THEN '{}'::json END,
    outcome_event_type = coalesce(e.outcome_event_type, 'event.rejected'),
    outcome_code = CASE WHEN e.outcome_status IS NULL THEN 'erased' ELSE e.outcome_code END,
    outcome_at = coalesce(e.outcome_at, clock_timestamp()),
    outcome_status = coalesce(e.outcome_status, 'rejected'),
    publish_status = 'published', published_at = coalesce(e.published_at, clock_timestamp())
WHERE e.id = ANY (ARRAY(
    SELECT told.id FROM events told
    WHERE told.user_id = %(user_id)s AND told.content_hash <> 'erased'
      AND told.sequence <= (SELECT max(x.last_sequence) FROM erasures x WHERE x.user_id = %(user_id)s)
    ORDER BY told.sequence
    LIMIT %(batch)s))

-- name: empty_letters
UPDATE dead_letters
SET body = NULL, headers = '{}', error = 'erased', fingerprint = 'erased:' || dead_letter_id
WHERE user_id = %(user_id)s AND error <> 'erased'
  AND NOT EXISTS (SELECT FROM events later
                  WHERE later.user_id = %(user_id)s
                    AND later.client_generated_id = dead_letters.client_generated_id
                    AND later.sequence > (SELECT max(x.last_sequence) FROM erasures x
                                          WHERE x.user_id = %(user_id)s))
