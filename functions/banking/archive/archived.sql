-- Reads events that lie in files. consumer_id is NULL only for the admin.

-- name: find_event
SELECT a.event_id, a.consumer_id, c.name AS consumer_name, f.archive_id, f.object_key, f.sha256,
       f.moved_at, f.erased_at,
       f.day, clock_timestamp() AS now
FROM archived_events a
JOIN archives f ON f.archive_id = a.archive_id
JOIN consumers c ON c.consumer_id = a.consumer_id
WHERE a.event_id = %(event_id)s
  AND (%(consumer_id)s::uuid IS NULL OR a.consumer_id = %(consumer_id)s)

-- name: files_of_customer
SELECT DISTINCT f.archive_id, f.object_key, f.sha256, f.day
FROM archived_events a
JOIN archives f ON f.archive_id = a.archive_id
WHERE a.customer_id = %(customer_id)s AND a.consumer_id = %(consumer_id)s AND f.erased_at IS NULL
ORDER BY f.day, f.archive_id
LIMIT %(limit)s
