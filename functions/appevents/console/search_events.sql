-- Finds events, users and dead letters by an id. The operators' own.

-- name: events
-- Those that clients have given this id, so many at most; of one user, or of all.
SELECT found.client_generated_id AS id, found.user_id AS own_id, found.event_type,
       CASE WHEN found.outcome_status = 'processed' THEN 'processed'
            WHEN found.outcome_status = 'rejected' THEN
                coalesce((SELECT 'dead_lettered'
                          FROM dead_letters d
                          WHERE d.client_generated_id = found.client_generated_id
                            AND d.user_id = found.user_id AND d.redriven_at IS NULL
                          LIMIT 1), 'rejected')
            WHEN found.publish_status = 'pending' THEN 'waiting'
            ELSE 'in_queue' END AS state
FROM (SELECT user_id, client_generated_id, event_type, received_at, publish_status, outcome_status
      FROM events
      WHERE client_generated_id = %(id)s::uuid AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)
      LIMIT %(most)s) found
ORDER BY found.received_at DESC

-- name: is_user
-- Whether this user has events.
SELECT FROM events WHERE user_id = %(user_id)s LIMIT 1

-- name: letter
SELECT dead_letter_id AS id, service, error_code, user_id, client_generated_id
FROM dead_letters
WHERE dead_letter_id = %(id)s::uuid
