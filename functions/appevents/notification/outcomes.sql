-- Outcomes of events.

-- name: settle
-- What was settled was published, whatever a broken confirm said. Nobody needs its secrets any more. What was
-- rejected may be processed later, when an operator has sent it back.
-- Of what a user told who was erased since, nothing is kept but how it ended.
UPDATE events
SET outcome_status = %(status)s, outcome_event_type = %(event_type)s,
    outcome_data = CASE WHEN EXISTS (SELECT FROM erasures x
                                     WHERE x.user_id = %(user_id)s AND x.last_sequence >= sequence)
                        THEN '{}' ELSE %(data)s::json END,
    outcome_at = %(at)s, outcome_code = %(code)s,
    outcome_reason = CASE WHEN NOT EXISTS (SELECT FROM erasures x
                                           WHERE x.user_id = %(user_id)s AND x.last_sequence >= sequence)
                          THEN %(reason)s END,
    publish_status = 'published', published_at = coalesce(published_at, clock_timestamp()),
    publish_failure_reason = NULL,
    payload = CASE WHEN erase_at IS NULL THEN payload END, erase_at = %(erase_at)s
WHERE user_id = %(user_id)s AND client_generated_id = %(id)s::uuid
  AND (outcome_status IS NULL OR (outcome_status = 'rejected' AND %(status)s = 'processed'))
