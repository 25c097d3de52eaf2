-- name: read
-- Work on a bank that is begun and not finished, and since when it has made no progress: the oldest of each kind and
-- bank. An onboarding that is ready waits for its caller. A file of the archive is finished by the run that named it, or
-- by the next one. consumer_id is NULL only for the admin.
SELECT 'onboarding' AS work, o.consumer_id, o.consumer_name AS name, o.created_at AS since
FROM onboardings o
WHERE o.state IN ('running', 'undoing')
  AND (%(consumer_id)s::uuid IS NULL OR o.consumer_id = %(consumer_id)s)
UNION ALL
SELECT 'export', e.consumer_id, c.name,
       coalesce((SELECT max(f.written_at) FROM export_files f WHERE f.export_id = e.export_id), e.created_at)
FROM exports e
JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE e.status = 'running' AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
UNION ALL
SELECT 'offboarding', o.consumer_id, c.name, o.due_at
FROM offboardings o
JOIN consumers c ON c.consumer_id = o.consumer_id
WHERE (o.status = 'ending' OR (o.status = 'waiting' AND o.due_at <= clock_timestamp())) AND (%(consumer_id)s::uuid IS NULL OR o.consumer_id = %(consumer_id)s)
UNION ALL
SELECT 'archive', a.consumer_id, c.name, min(a.created_at)
FROM archives a
JOIN consumers c ON c.consumer_id = a.consumer_id
WHERE a.moved_at IS NULL AND a.given_up_at IS NULL
  AND (%(consumer_id)s::uuid IS NULL OR a.consumer_id = %(consumer_id)s)
GROUP BY a.consumer_id, c.name
