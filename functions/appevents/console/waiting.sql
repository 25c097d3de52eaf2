-- What waits now and what has failed, in the database of events: read by partial indexes, so many rows of a kind
-- at most. The operators' own: the events of all users.

-- name: unsettled
-- The oldest first, so that the oldest of each type is among them.
SELECT event_type, count(*) FILTER (WHERE publish_status = 'pending') AS pending,
       count(*) FILTER (WHERE publish_status = 'published') AS in_queue,
       min(received_at) FILTER (WHERE publish_status = 'pending') AS oldest_pending_at,
       min(received_at) FILTER (WHERE publish_status = 'published') AS oldest_in_queue_at
FROM (SELECT event_type, publish_status, received_at
      FROM events
      WHERE outcome_status IS NULL
      ORDER BY received_at
      LIMIT %(most)s) oldest
GROUP BY event_type

-- name: rejected
-- Those of a day whose message does not lie in the dead letters any more. A scalar query is asked by index, row by
-- row.
SELECT event_type, count(*) AS rejected
FROM (SELECT e.event_type,
             (SELECT d.dead_letter_id
              FROM dead_letters d
              WHERE d.client_generated_id = e.client_generated_id AND d.user_id = e.user_id
                AND d.redriven_at IS NULL
              LIMIT 1) AS letter
      FROM (SELECT user_id, client_generated_id, event_type
            FROM events
            WHERE outcome_status = 'rejected'
              AND received_at >= clock_timestamp() - interval '24 hours'
            ORDER BY received_at DESC
            LIMIT %(most_rejected)s) e) newest
WHERE letter IS NULL
GROUP BY event_type

-- name: letters
-- Dead letters that nobody has sent again, by the service in whose queue they died.
SELECT stream.name AS stream, count(*) AS dead_letters, min(letter.taken_at) AS oldest_letter_at
FROM unnest(%(streams)s::text[]) AS stream (name)
CROSS JOIN LATERAL (
    SELECT d.taken_at
    FROM dead_letters d
    WHERE d.service = stream.name AND d.redriven_at IS NULL
    ORDER BY d.taken_at
    LIMIT %(most)s) letter
GROUP BY stream.name

-- name: now
SELECT clock_timestamp() AS at
