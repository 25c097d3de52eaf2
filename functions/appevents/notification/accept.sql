-- Accepts events and finds them. Every statement names the user.

-- name: accept
-- Takes no id that stands, and no sequence for it. The user's row of user_sequences is locked until the
-- commit, so sequences grow in commit order. Two requests with one id at once: the second fails as a whole
-- (events_pkey) and is repeated, as often as it has ids.
WITH given AS MATERIALIZED (
    SELECT *
    FROM json_to_recordset(%(items)s::json) AS given (
        place integer, client_generated_id uuid, event_type text, payload json, content_hash text,
        told_at timestamptz, effective_at timestamptz, erase_at timestamptz)
), new AS (
    SELECT given.*, row_number() OVER (ORDER BY place) AS nth, count(*) OVER () AS total
    FROM given
    WHERE NOT EXISTS (SELECT FROM events e
                      WHERE e.user_id = %(user_id)s
                        AND e.client_generated_id = given.client_generated_id)
), next AS (
    INSERT INTO user_sequences AS known (user_id, last_sequence)
    SELECT %(user_id)s, count(*) FROM new HAVING count(*) > 0
    ON CONFLICT (user_id) DO UPDATE SET last_sequence = known.last_sequence + excluded.last_sequence
    RETURNING last_sequence
)
INSERT INTO events (user_id, client_generated_id, event_type, sequence, payload, content_hash, told_at,
                    effective_at, received_at, request_id, traceparent, erase_at)
SELECT %(user_id)s, new.client_generated_id, new.event_type, next.last_sequence - new.total + new.nth,
       new.payload, new.content_hash, new.told_at, new.effective_at, %(received_at)s, %(request_id)s,
       %(traceparent)s, new.erase_at
FROM new, next
ORDER BY new.nth
RETURNING id, user_id, client_generated_id, event_type, sequence, payload AS data, told_at, effective_at,
          received_at, request_id, traceparent

-- name: find
SELECT client_generated_id, event_type, content_hash, received_at, publish_status, outcome_status,
       outcome_event_type, outcome_data, outcome_at, outcome_code, outcome_reason
FROM events
WHERE user_id = %(user_id)s AND client_generated_id = ANY (%(ids)s::uuid[])

-- name: list
-- Each status is a condition of its own, so the planner knows how many rows have it, and finds the index of
-- those that are few.
SELECT client_generated_id, event_type, content_hash, received_at, publish_status, outcome_status,
       outcome_event_type, outcome_data, outcome_at, outcome_code, outcome_reason
FROM events
WHERE user_id = %(user_id)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (received_at, client_generated_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
  AND (%(status)s::text IS NULL
       OR (%(status)s::text = 'processed' AND outcome_status = 'processed')
       OR (%(status)s::text = 'rejected' AND outcome_status = 'rejected')
       OR (%(status)s::text = 'published' AND outcome_status IS NULL AND publish_status = 'published')
       OR (%(status)s::text = 'accepted' AND outcome_status IS NULL AND publish_status = 'pending'))
ORDER BY received_at DESC, client_generated_id DESC
LIMIT %(limit)s + 1
