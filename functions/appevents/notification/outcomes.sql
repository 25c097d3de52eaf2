-- Outcomes of events.

-- name: settle
-- What was settled was published, whatever a broken confirm said. Nobody needs its secrets any more. What was
-- rejected may be processed later, when an operator has sent it back.
UPDATE events
SET outcome_status = %(status)s, outcome_event_type = %(event_type)s, outcome_data = %(data)s::json,
    outcome_at = %(at)s, outcome_code = %(code)s, outcome_reason = %(reason)s,
    publish_status = 'published', published_at = coalesce(published_at, clock_timestamp()),
    publish_failure_reason = NULL,
    payload = CASE WHEN erase_at IS NULL THEN payload END, erase_at = %(erase_at)s
WHERE user_id = %(user_id)s AND client_generated_id = %(id)s::uuid
  AND (outcome_status IS NULL OR (outcome_status = 'rejected' AND %(status)s = 'processed'))
