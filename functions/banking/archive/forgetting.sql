-- Archived events of erased customers. Statements go by a file that `files` or `replaced` has found.

-- name: files
-- Files with events of customers whose erasure ended after the file was written.
SELECT f.archive_id, f.consumer_id, c.name AS consumer_name, f.day, f.object_key, f.sha256,
       f.event_ids::text[] AS event_ids, erased.customer_ids::text[] AS erased
FROM archives f
JOIN consumers c ON c.consumer_id = f.consumer_id
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT a.customer_id) AS customer_ids
    FROM archived_events a
    JOIN erasures x ON x.customer_id = a.customer_id AND x.consumer_id = a.consumer_id
    WHERE a.archive_id = f.archive_id AND x.finished_at > f.created_at) erased
WHERE f.moved_at IS NOT NULL AND f.replaced_by IS NULL AND f.erased_at IS NULL
  AND f.consumer_id IN (SELECT x.consumer_id FROM erasures x)
  AND erased.customer_ids IS NOT NULL
ORDER BY f.created_at
LIMIT %(limit)s

-- name: replace
SELECT replace_archive(%(consumer_id)s, %(former)s, %(latter)s) AS replaced

-- name: replaced
-- Files that another has replaced and that are not deleted yet.
SELECT archive_id, consumer_id, object_key
FROM archives
WHERE replaced_by IS NOT NULL AND erased_at IS NULL
LIMIT %(limit)s

-- name: erased
UPDATE archives
SET erased_at = clock_timestamp()
WHERE archive_id = %(archive_id)s AND consumer_id = %(consumer_id)s
