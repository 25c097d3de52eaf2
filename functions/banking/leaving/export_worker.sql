-- The work on exports. Statements go by the job's id, which `take` has found, and by its worker's.

-- name: take
-- Leases the oldest job that nobody holds.
UPDATE exports e
SET worker_id = %(worker_id)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM consumers c
WHERE c.consumer_id = e.consumer_id
  AND e.export_id = (SELECT export_id
                  FROM exports
                  WHERE status = 'running' AND export_id <> ALL (%(left_out)s::uuid[])
                    AND (lease_until IS NULL OR lease_until <= clock_timestamp())
                  ORDER BY created_at
                  LIMIT 1
                  FOR UPDATE SKIP LOCKED)
RETURNING e.export_id, e.consumer_id, c.name AS consumer_name, e.cut_at, e.kind, e.after_at, e.after_id,
          e.file_count

-- name: note_cut
-- Some time after the cut whoever took a time before it has a transaction, which is below quiet_xid, or has ended.
UPDATE exports
SET quiet_xid = pg_snapshot_xmax(pg_current_snapshot())
WHERE export_id = %(export_id)s AND quiet_xid IS NULL
  AND cut_at <= clock_timestamp() - make_interval(secs => %(seconds)s)

-- name: is_quiet
SELECT coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= quiet_xid, false) AS quiet
FROM exports
WHERE export_id = %(export_id)s

-- name: customers
SELECT customer_id, name, status, event_sequence, created_at, updated_at
FROM customers
WHERE consumer_id = %(consumer_id)s AND created_at <= %(cut_at)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, customer_id) > (%(after_at)s, %(after_id)s::uuid))
ORDER BY created_at, customer_id
LIMIT %(limit)s

-- name: tags
-- A row for each customer, with or without tags, so that a page always goes on.
SELECT c.created_at, c.customer_id, tags.of_customer
FROM (SELECT created_at, customer_id
      FROM customers
      WHERE consumer_id = %(consumer_id)s AND created_at <= %(cut_at)s
        AND (%(after_at)s::timestamptz IS NULL
             OR (created_at, customer_id) > (%(after_at)s, %(after_id)s::uuid))
      ORDER BY created_at, customer_id
      LIMIT %(limit)s) c
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'tag_key', t.tag_key, 'tag_value', t.tag_value,
                        'created_at', utc_text(t.created_at), 'updated_at', utc_text(t.updated_at))
                    ORDER BY t.tag_key COLLATE "C"), '[]') AS of_customer
    FROM customer_tags t
    WHERE t.customer_id = c.customer_id AND t.created_at <= %(cut_at)s) tags
ORDER BY c.created_at, c.customer_id

-- name: snapshots
-- With those from which one that is not whole is made, newest first, as far back as a whole one.
SELECT s.snapshot_id, s.customer_id, s.snapshot_at, s.tags_json AS tags, s.metrics_json AS metrics,
       s.whole, former.snapshots AS former
FROM (SELECT *
      FROM customer_analytics
      WHERE consumer_id = %(consumer_id)s AND snapshot_at <= %(cut_at)s
        AND (%(after_at)s::timestamptz IS NULL
             OR (snapshot_at, snapshot_id) > (%(after_at)s, %(after_id)s::uuid))
      ORDER BY snapshot_at, snapshot_id
      LIMIT %(limit)s) s
LEFT JOIN LATERAL (
    SELECT w.snapshot_at, w.snapshot_id
    FROM customer_analytics w
    WHERE w.customer_id = s.customer_id AND w.consumer_id = %(consumer_id)s AND w.whole
      AND (w.snapshot_at, w.snapshot_id) < (s.snapshot_at, s.snapshot_id)
    ORDER BY w.snapshot_at DESC, w.snapshot_id DESC
    LIMIT 1) base ON NOT s.whole
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('tags', f.tags_json, 'metrics', f.metrics_json,
                                        'whole', f.whole)
                     ORDER BY f.snapshot_at DESC, f.snapshot_id DESC) AS snapshots
    FROM customer_analytics f
    WHERE f.customer_id = s.customer_id AND f.consumer_id = %(consumer_id)s
      AND (f.snapshot_at, f.snapshot_id) >= (base.snapshot_at, base.snapshot_id)
      AND (f.snapshot_at, f.snapshot_id) < (s.snapshot_at, s.snapshot_id)) former ON NOT s.whole
ORDER BY s.snapshot_at, s.snapshot_id

-- name: events
SELECT event_id, customer_id, sequence, event_type, source_service, payload_json AS payload,
       metadata_json AS metadata, created_at, publish_status, published_at, publish_try_count,
       publish_last_tried_at, publish_failure_reason, publish_given_up_at, sent_late_at,
       deliver_status, delivered_at, deliver_try_count, deliver_last_tried_at, deliver_failure_reason
FROM customer_events
WHERE consumer_id = %(consumer_id)s AND created_at <= %(cut_at)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, event_id) > (%(after_at)s, %(after_id)s::uuid))
ORDER BY created_at, event_id
LIMIT %(limit)s

-- name: receipts
-- By the event's id, which an index has for each consumer.
SELECT receipt_id, event_id, customer_id, event_type, received_at, processing_status,
       processing_failure_reason, created_at, updated_at
FROM consumer_event_receipts
WHERE consumer_id = %(consumer_id)s AND created_at <= %(cut_at)s
  AND (%(after_id)s::uuid IS NULL OR event_id > %(after_id)s::uuid)
ORDER BY event_id
LIMIT %(limit)s

-- name: announce
-- Names the file before it is written. Returns the name that a worker before gave it, if it is another one: what it
-- wrote is no file of the job.
WITH former AS (
    SELECT object_key FROM export_files
    WHERE export_id = %(export_id)s AND number = %(number)s AND written_at IS NULL
), named AS (
    INSERT INTO export_files AS file (export_id, number, kind, object_key, line_count, size_bytes, sha256)
    SELECT export_id, %(number)s, %(kind)s, %(object_key)s, %(line_count)s, %(size_bytes)s, %(sha256)s
    FROM exports
    WHERE export_id = %(export_id)s AND worker_id = %(worker_id)s
    ON CONFLICT (export_id, number) DO UPDATE
        SET kind = excluded.kind, object_key = excluded.object_key,
            line_count = excluded.line_count, size_bytes = excluded.size_bytes,
            sha256 = excluded.sha256
        WHERE file.written_at IS NULL
    RETURNING object_key
)
SELECT (SELECT f.object_key FROM former f WHERE f.object_key <> named.object_key) AS former_key
FROM named

-- name: advance
-- The file is written, if there is one, and the job goes on behind it, in one step. No row: another worker has
-- the job.
WITH mine AS (
    UPDATE exports e
    SET kind = %(next_kind)s, after_at = %(after_at)s, after_id = %(after_id)s,
        file_count = %(file_count)s, waits_for = NULL,
        lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
        updated_at = clock_timestamp()
    WHERE e.export_id = %(export_id)s AND e.worker_id = %(worker_id)s AND e.status = 'running'
    RETURNING e.export_id, e.file_count
), written AS (
    UPDATE export_files f
    SET written_at = clock_timestamp()
    FROM mine
    WHERE f.export_id = mine.export_id AND f.number = mine.file_count AND f.written_at IS NULL
)
SELECT export_id FROM mine

-- name: borrow_archives
-- The consumer's archived events belong to the export, as the files in which they are. Nothing of the consumer is
-- archived while the export is under way.
INSERT INTO export_files (export_id, number, kind, object_key, line_count, size_bytes, sha256, written_at)
SELECT %(export_id)s, %(file_count)s + row_number() OVER (ORDER BY f.day, f.created_at, f.archive_id),
       'archived_events', f.object_key, f.event_count, f.size_bytes, f.sha256, clock_timestamp()
FROM archives f
WHERE f.consumer_id = %(consumer_id)s AND f.moved_at IS NOT NULL
  AND f.replaced_by IS NULL AND f.erased_at IS NULL
ON CONFLICT (export_id, number) DO NOTHING

-- name: files
SELECT number, kind, object_key, line_count, size_bytes, sha256
FROM export_files
WHERE export_id = %(export_id)s AND written_at IS NOT NULL
ORDER BY number

-- name: finish
UPDATE exports
SET status = 'done', manifest_key = %(manifest_key)s, manifest_sha256 = %(manifest_sha256)s,
    waits_for = NULL, worker_id = NULL, lease_until = NULL, finished_at = clock_timestamp(),
    updated_at = clock_timestamp()
WHERE export_id = %(export_id)s AND worker_id = %(worker_id)s AND status = 'running'

-- name: release
UPDATE exports
SET waits_for = %(waits_for)s, worker_id = NULL, lease_until = NULL, updated_at = clock_timestamp()
WHERE export_id = %(export_id)s AND worker_id = %(worker_id)s AND status = 'running'

-- name: old
-- Finished jobs whose files have been there long enough.
SELECT e.export_id, e.manifest_key,
       ARRAY(SELECT f.object_key FROM export_files f
             WHERE f.export_id = e.export_id AND f.kind <> 'archived_events'
             ORDER BY f.number) AS object_keys
FROM exports e
WHERE e.status = 'done' AND e.finished_at <= %(now)s - make_interval(days => %(days)s)
ORDER BY e.finished_at
LIMIT %(limit)s

-- name: removed
UPDATE exports
SET status = 'removed', removed_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE export_id = %(export_id)s AND status = 'done'
