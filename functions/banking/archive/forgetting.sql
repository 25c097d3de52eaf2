-- Archived events of erased customers. Statements go by a file that `files`, `give_up` or `to_delete` has found.

-- name: give_up
-- Files that are named, and whose events are not moved yet, or lie in another file still: what they tell of a customer
-- was erased since. Nobody may come to finish them, because nothing has to be archived for it.
UPDATE archives f
SET given_up_at = clock_timestamp()
WHERE f.moved_at IS NULL AND f.given_up_at IS NULL
  AND EXISTS (SELECT FROM (SELECT e.customer_id, e.consumer_id
                           FROM customer_events e
                           WHERE e.event_id = ANY (f.event_ids)
                           UNION
                           SELECT a.customer_id, a.consumer_id
                           FROM archived_events a
                           WHERE a.event_id = ANY (f.event_ids)) told
              JOIN erasures x ON x.customer_id = told.customer_id AND x.consumer_id = told.consumer_id
              WHERE told.consumer_id = f.consumer_id AND x.customer_id <> ALL (f.forgotten)
                AND (x.finished_at IS NULL OR x.finished_at > f.created_at))
RETURNING f.archive_id, f.consumer_id, f.object_key

-- name: files
-- Files with events of customers whose erasure has ended, and of whom they may still tell; without those that were
-- tried in vain, and those that a running export names. Erasures that `mark_forgotten` has seen to are not looked at
-- again. forgotten: all that are erased and have events in the file.
WITH due AS (
    SELECT DISTINCT f.archive_id, f.created_at
    FROM erasures x
    JOIN archived_events a ON a.customer_id = x.customer_id AND a.consumer_id = x.consumer_id
    JOIN archives f ON f.archive_id = a.archive_id AND f.consumer_id = a.consumer_id
    WHERE x.finished_at IS NOT NULL AND x.forgotten_at IS NULL AND x.customer_id <> ALL (f.forgotten)
      AND f.moved_at IS NOT NULL AND f.replaced_by IS NULL AND f.erased_at IS NULL
      AND f.archive_id <> ALL (%(left_out)s::uuid[])
      AND NOT EXISTS (SELECT FROM exports e
                      WHERE e.consumer_id = f.consumer_id AND e.status = 'running')
    ORDER BY f.created_at
    LIMIT %(limit)s
)
SELECT f.archive_id, f.consumer_id, c.name AS consumer_name, f.day, f.object_key, f.sha256,
       f.event_ids::text[] AS event_ids, erased.customer_ids::text[] AS forgotten
FROM due
JOIN archives f ON f.archive_id = due.archive_id
JOIN consumers c ON c.consumer_id = f.consumer_id
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT a.customer_id) AS customer_ids
    FROM archived_events a
    JOIN erasures x ON x.customer_id = a.customer_id AND x.consumer_id = a.consumer_id
    WHERE a.archive_id = f.archive_id AND x.finished_at IS NOT NULL) erased
ORDER BY f.created_at

-- name: mark_forgotten
-- Erasures of whose customer no file tells. None can any more: an erasure ends after a move that took the customer's
-- events as they were, because it waits for these rows; what is moved later was erased before.
UPDATE erasures x
SET forgotten_at = clock_timestamp()
WHERE x.finished_at IS NOT NULL AND x.forgotten_at IS NULL
  AND NOT EXISTS (SELECT FROM archived_events a
                  JOIN archives f ON f.archive_id = a.archive_id AND f.consumer_id = a.consumer_id
                  WHERE a.customer_id = x.customer_id AND a.consumer_id = x.consumer_id
                    AND x.customer_id <> ALL (f.forgotten)
                    AND f.replaced_by IS NULL AND f.erased_at IS NULL)

-- name: is_current
-- Whether the events lie in this file still.
SELECT replaced_by IS NULL AND erased_at IS NULL AS is_current
FROM archives
WHERE archive_id = %(archive_id)s AND consumer_id = %(consumer_id)s

-- name: replace
SELECT replace_archive(%(consumer_id)s, %(former)s, %(latter)s) AS replaced

-- name: to_delete
-- Files that another has replaced, or that were given up, and that are not known to be deleted. A run that was writing
-- the file when another gave it up has ended by then.
SELECT archive_id, consumer_id, object_key
FROM archives
WHERE erased_at IS NULL
  AND (replaced_by IS NOT NULL OR given_up_at < clock_timestamp() - interval '15 minutes')
ORDER BY created_at
LIMIT %(limit)s

-- name: erased
UPDATE archives
SET erased_at = clock_timestamp()
WHERE archive_id = %(archive_id)s AND consumer_id = %(consumer_id)s
