-- Accepts events and finds them. Every statement names the user.

-- name: accept
-- Planned once per connection.
-- text: sql/appevents/notify/schema.sql, accept_events
SELECT id, client_generated_id, sequence, is_next
FROM accept_events(%(user_id)s::uuid, %(items)s::json, %(received_at)s::timestamptz, %(request_id)s::text,
                   %(traceparent)s::text)

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
