-- Reads one event's life.

-- name: event
-- By its client's id: the newest, if several users have made the same one. waits_behind: how many earlier events of
-- its user are not published, counted up to a bound.
SELECT e.client_generated_id AS id, e.user_id AS own_id, e.event_type, e.received_at AS created_at,
       CASE WHEN e.outcome_status = 'processed' THEN 'processed'
            WHEN e.outcome_status = 'rejected' THEN
                coalesce((SELECT 'dead_lettered'
                          FROM dead_letters d
                          WHERE d.client_generated_id = e.client_generated_id
                            AND d.user_id = e.user_id AND d.redriven_at IS NULL
                          LIMIT 1), 'rejected')
            WHEN e.publish_status = 'pending' THEN 'waiting'
            ELSE 'in_queue' END AS state,
       coalesce(e.outcome_code, e.publish_failure_reason) AS reason,
       CASE WHEN e.outcome_status = 'rejected' THEN NULL
            ELSE (extract(epoch FROM greatest(coalesce(e.outcome_at, clock_timestamp()), e.received_at)
                                     - e.received_at) * 1000)::bigint END AS lag_ms,
       e.publish_try_count AS try_count, e.sequence, e.told_at, e.request_id, e.traceparent,
       CASE WHEN e.publish_status = 'published' THEN e.published_at END AS published_at,
       e.outcome_status, e.outcome_event_type, e.outcome_at, e.outcome_code, e.outcome_reason,
       CASE WHEN %(payload)s THEN e.payload END AS payload, e.payload IS NOT NULL AS has_payload,
       (SELECT count(*) FROM (SELECT FROM events p
                              WHERE p.user_id = e.user_id AND p.sequence < e.sequence
                                AND p.publish_status = 'pending' AND e.publish_status = 'pending'
                              LIMIT 10000) earlier) AS waits_behind,
       (SELECT count(*) FROM (SELECT FROM events same
                              WHERE same.client_generated_id = e.client_generated_id
                              LIMIT 100) owners) AS owners,
       clock_timestamp() AS now
FROM events e
WHERE e.client_generated_id = %(id)s AND (%(user_id)s::uuid IS NULL OR e.user_id = %(user_id)s)
ORDER BY e.received_at DESC
LIMIT 1

-- name: letters
SELECT dead_letter_id, service, error_code, error, attempt, deaths, failed_at, redriven_at
FROM dead_letters
WHERE client_generated_id = %(id)s AND user_id = %(user_id)s
ORDER BY failed_at
LIMIT 20

-- name: letter
SELECT dead_letter_id AS id, service, user_id AS own_id, event_type, error_code, error, attempt, deaths,
       failed_at, redriven_at, clock_timestamp() AS now
FROM dead_letters
WHERE dead_letter_id = %(id)s AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)

-- name: acted
-- In the database of the service that acts on it.
SELECT outcome, processed_at
FROM idempotency_keys
WHERE user_id = %(user_id)s AND client_generated_id = %(id)s
