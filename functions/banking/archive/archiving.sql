-- The way of old events into files. Statements go by a bank that `banks` has found.

-- name: banks
-- Those with old events, in the order of their turns: whose last one is longest ago first, so that a bank of which
-- nothing may be moved does not keep others. Behind after_at and after_id its turn goes on. A bank whose export is under
-- way waits.
SELECT c.consumer_id, c.name AS consumer_name, turn.after_at, turn.after_id
FROM consumers c
LEFT JOIN archive_turns turn ON turn.consumer_id = c.consumer_id
CROSS JOIN LATERAL (
    SELECT e.created_at
    FROM customer_events e
    WHERE e.consumer_id = c.consumer_id AND e.created_at < %(before)s
    ORDER BY e.created_at
    LIMIT 1) oldest
WHERE NOT EXISTS (SELECT FROM exports x
                  WHERE x.consumer_id = c.consumer_id AND x.status = 'running')
ORDER BY turn.taken_at NULLS FIRST, oldest.created_at

-- name: take_turn
INSERT INTO archive_turns (consumer_id) VALUES (%(consumer_id)s)
ON CONFLICT (consumer_id) DO UPDATE SET taken_at = clock_timestamp()

-- name: keep_place
UPDATE archive_turns
SET after_at = %(after_at)s, after_id = %(after_id)s
WHERE consumer_id = %(consumer_id)s

-- name: unfinished
-- Files that are named and whose events are not moved: a run was killed, or the store was away.
SELECT f.archive_id, f.consumer_id, c.name AS consumer_name, f.day, f.object_key,
       f.event_ids::text[] AS event_ids, f.event_count, f.content_sha256, f.sha256, f.compared_sha256
FROM archives f
JOIN consumers c ON c.consumer_id = f.consumer_id
WHERE f.moved_at IS NULL AND f.given_up_at IS NULL
  AND NOT EXISTS (SELECT FROM exports x
                  WHERE x.consumer_id = f.consumer_id AND x.status = 'running')
ORDER BY f.created_at
LIMIT %(limit)s

-- name: candidates
-- A page of a bank's old events, oldest first. oldest_left: the first sequence of the customer that is not
-- archived yet.
SELECT e.event_id, e.customer_id, e.sequence, e.created_at,
       (e.created_at AT TIME ZONE 'UTC')::date AS day,
       coalesce(settled_at(e) < %(before)s, false) AS is_settled,
       (SELECT left_over.sequence FROM customer_events left_over
        WHERE left_over.customer_id = e.customer_id
        ORDER BY left_over.sequence LIMIT 1) AS oldest_left
FROM customer_events e
WHERE e.consumer_id = %(consumer_id)s AND e.created_at < %(before)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (e.created_at, e.event_id) > (%(after_at)s, %(after_id)s::uuid))
ORDER BY e.created_at, e.event_id
LIMIT %(limit)s

-- name: lines
SELECT archived_line(e) AS line
FROM customer_events e
WHERE e.event_id = ANY (%(event_ids)s::uuid[]) AND e.consumer_id = %(consumer_id)s
ORDER BY e.created_at, e.event_id

-- name: name_file
INSERT INTO archives (archive_id, consumer_id, day, object_key, event_ids, event_count, size_bytes,
                      content_sha256, sha256, forgotten)
VALUES (%(archive_id)s, %(consumer_id)s, %(day)s, %(object_key)s, %(event_ids)s::uuid[],
        %(event_count)s, %(size_bytes)s, %(content_sha256)s, %(sha256)s, %(forgotten)s::uuid[])

-- name: compared
UPDATE archives
SET compared_sha256 = %(compared_sha256)s, compared_at = clock_timestamp()
WHERE archive_id = %(archive_id)s AND consumer_id = %(consumer_id)s
  AND moved_at IS NULL AND given_up_at IS NULL

-- name: is_gone
SELECT archive_id
FROM archives
WHERE archive_id = %(archive_id)s AND consumer_id = %(consumer_id)s
  AND (given_up_at IS NOT NULL OR erased_at IS NOT NULL)

-- name: give_up
-- Not a file whose events another run has moved meanwhile.
UPDATE archives
SET given_up_at = clock_timestamp()
WHERE archive_id = %(archive_id)s AND consumer_id = %(consumer_id)s AND moved_at IS NULL

-- name: move
SELECT move_to_archive(%(consumer_id)s, %(archive_id)s) AS moved
