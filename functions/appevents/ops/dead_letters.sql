-- Dead letters, as they were taken from the queues. They are the operators'.

-- name: keep
-- The same letter may come twice, and again after it was sent back to its service. Of what a user told who was
-- erased since, only that there was one is kept.
INSERT INTO dead_letters AS known (
    service, user_id, client_generated_id, message_id, event_type, error_code, error, attempt, body, headers,
    failed_at, fingerprint)
SELECT %(service)s, %(user_id)s, %(client_generated_id)s, %(message_id)s, %(event_type)s, %(error_code)s,
       CASE WHEN person.is_kept THEN %(error)s ELSE 'erased' END, %(attempt)s,
       CASE WHEN person.is_kept THEN %(body)s::bytea END,
       CASE WHEN person.is_kept THEN %(headers)s ELSE '{}' END::json, %(failed_at)s,
       CASE WHEN person.is_kept THEN %(fingerprint)s ELSE 'erased:' || gen_random_uuid() END
FROM (SELECT NOT EXISTS (
          SELECT FROM erasures x
          WHERE x.user_id = %(user_id)s::uuid
            AND NOT EXISTS (SELECT FROM events later
                            WHERE later.user_id = x.user_id AND later.sequence > x.last_sequence
                              AND later.client_generated_id = %(client_generated_id)s::uuid)
      ) AS is_kept) AS person
ON CONFLICT (fingerprint) DO UPDATE
SET error_code = excluded.error_code, error = excluded.error, attempt = excluded.attempt,
    body = excluded.body, headers = excluded.headers, failed_at = excluded.failed_at,
    taken_at = excluded.taken_at, redriven_at = NULL, deaths = known.deaths + 1

-- name: list
SELECT dead_letter_id, service, user_id, client_generated_id, message_id, event_type, error_code, error,
       attempt, deaths, failed_at, taken_at, redriven_at, body IS NOT NULL AS has_body
FROM dead_letters
WHERE (%(service)s::text IS NULL OR service = %(service)s)
  AND (%(after_at)s::timestamptz IS NULL
       OR (taken_at, dead_letter_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY taken_at DESC, dead_letter_id DESC
LIMIT %(limit)s + 1

-- name: take
-- Oldest first. What another request is sending is left out.
SELECT dead_letter_id, service, message_id, event_type, body, headers
FROM dead_letters
WHERE redriven_at IS NULL AND body IS NOT NULL
  AND (%(ids)s::uuid[] IS NULL OR dead_letter_id = ANY (%(ids)s::uuid[]))
  AND (%(service)s::text IS NULL OR service = %(service)s)
ORDER BY taken_at, dead_letter_id
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED

-- name: mark_redriven
UPDATE dead_letters SET redriven_at = clock_timestamp() WHERE dead_letter_id = ANY (%(ids)s::uuid[])

-- name: count_left
SELECT count(*) AS count
FROM dead_letters
WHERE redriven_at IS NULL AND body IS NOT NULL
  AND (%(ids)s::uuid[] IS NULL OR dead_letter_id = ANY (%(ids)s::uuid[]))
  AND (%(service)s::text IS NULL OR service = %(service)s)
