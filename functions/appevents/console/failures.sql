-- Groups what failed by its cause. The operators' own: the events of all users. is_cut: the statement met its bound, so
-- there may be more.

-- name: rejected
-- Of the newest rejections, so many at most: of all types, or, where `types` are named, first so many of each. Whether
-- one's message lies in the dead letters is asked by index.
SELECT event_type, stage, coalesce(outcome_code, 'unknown') AS reason, count(*) AS events, min(received_at) AS first_at,
       max(received_at) AS last_at,
       (array_agg(client_generated_id || '.' || user_id ORDER BY received_at DESC))[1] AS sample_event_id,
       sum(count(*)) OVER () >= %(most)s AS is_cut
FROM (SELECT e.user_id, e.client_generated_id, e.event_type, e.outcome_code, e.received_at,
             coalesce((SELECT 'dead_lettered'
                       FROM dead_letters d
                       WHERE d.client_generated_id = e.client_generated_id
                         AND d.user_id = e.user_id AND d.redriven_at IS NULL
                       LIMIT 1), 'rejected') AS stage
      FROM ((SELECT user_id, client_generated_id, event_type, outcome_code, received_at
             FROM events
             WHERE %(types)s::text[] IS NULL AND outcome_status = 'rejected' AND received_at >= %(since)s
             ORDER BY received_at DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT each.user_id, each.client_generated_id, each.event_type, each.outcome_code, each.received_at
             FROM unnest(%(types)s::text[]) AS type (name)
             CROSS JOIN LATERAL (
                 SELECT user_id, client_generated_id, event_type, outcome_code, received_at
                 FROM events
                 WHERE event_type = type.name AND outcome_status = 'rejected' AND received_at >= %(since)s
                 ORDER BY received_at DESC
                 LIMIT %(most)s) each
             ORDER BY each.received_at DESC
             LIMIT %(most)s)) e) newest
GROUP BY event_type, stage, outcome_code

-- name: letters
-- Dead letters that nobody has sent again, of which the former groups do not tell: what they belong to was not
-- rejected, or is no client's event. Of each service so many at most. is_told: the former groups tell of these.
SELECT letter.service AS stream, letter.event_type, letter.error_code AS reason, count(*) AS events,
       min(letter.taken_at) AS first_at, max(letter.taken_at) AS last_at,
       (array_agg(coalesce(letter.event_id, 'letter-' || letter.dead_letter_id)
                  ORDER BY letter.taken_at DESC))[1] AS sample_event_id,
       letter.outcome_status IS NOT DISTINCT FROM 'rejected' AS is_told, bool_or(letter.seen >= %(most)s) AS is_cut
FROM unnest(%(streams)s::text[]) AS stream (name)
CROSS JOIN LATERAL (
    SELECT d.dead_letter_id, d.service, d.event_type, d.error_code, d.taken_at, count(*) OVER () AS seen,
           (SELECT e.client_generated_id || '.' || e.user_id
            FROM events e
            WHERE e.user_id = d.user_id AND e.client_generated_id = d.client_generated_id
            LIMIT 1) AS event_id,
           (SELECT e.outcome_status
            FROM events e
            WHERE e.user_id = d.user_id AND e.client_generated_id = d.client_generated_id
            LIMIT 1) AS outcome_status
    FROM (SELECT dead_letter_id, service, user_id, client_generated_id, event_type, error_code, taken_at
          FROM dead_letters
          WHERE service = stream.name AND redriven_at IS NULL AND taken_at >= %(since)s
          ORDER BY taken_at DESC
          LIMIT %(most)s) d) letter
GROUP BY letter.service, letter.event_type, letter.error_code, is_told
