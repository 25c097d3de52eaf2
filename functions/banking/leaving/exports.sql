-- Exports as requests make and read them.

-- name: lock_bank
-- One request at a time makes a bank's export, and nothing of the bank is archived meanwhile.
SELECT c.name AS consumer_name, pg_advisory_xact_lock(2200, hashtext(c.consumer_id::text))
FROM consumers c
WHERE c.consumer_id = %(consumer_id)s

-- name: make
INSERT INTO exports (export_id, consumer_id, reason, actor, request_id)
VALUES (%(export_id)s, %(consumer_id)s, %(reason)s, %(actor)s, %(request_id)s)

-- name: find
-- The consumer's newest export, or the one of this id. consumer_id is NULL only for the admin, who then names the export.
SELECT e.export_id, e.consumer_id, c.name AS consumer_name, e.status, e.cut_at, e.kind, e.reason, e.actor,
       e.waits_for, e.manifest_key, e.manifest_sha256, e.created_at, e.updated_at, e.finished_at,
       e.removed_at
FROM exports e
JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE (%(export_id)s::uuid IS NULL OR e.export_id = %(export_id)s)
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
ORDER BY e.created_at DESC
LIMIT 1

-- name: sums
SELECT kind, count(*) AS files, sum(line_count)::bigint AS lines, sum(size_bytes)::bigint AS size_bytes
FROM export_files
WHERE export_id = %(export_id)s AND written_at IS NOT NULL
GROUP BY kind

-- name: files
SELECT number, kind, object_key, line_count AS lines, size_bytes, sha256
FROM export_files
WHERE export_id = %(export_id)s AND written_at IS NOT NULL AND number > %(after)s
ORDER BY number
LIMIT %(limit)s + 1
